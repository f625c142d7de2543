package dev.lawu.examples.gateway.proxy;

import dev.lawu.examples.gateway.action.RequestIds;
import dev.lawu.examples.gateway.route.RequestPath;
import dev.lawu.examples.gateway.route.RouteTable;
import dev.lawu.proxy.AttributeKey;
import dev.lawu.proxy.ErrorSource;
import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ProxyHttp;
import dev.lawu.proxy.RetryDecision;
import dev.lawu.proxy.Retryability;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.upstream.PeerSelection;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntUnaryOperator;

/**
 * Follows routes: checks each request, answers it or sends it to the upstream of its route, to the upstream's peers in turn, and on to the next peer if one cannot be reached. Thread-safe.
 *
 * <p>What edits heads is in {@link EditingGatewayProxy}, so that a gateway whose routes edit nothing has nothing to ask there.
 */
public class GatewayProxy implements ProxyHttp<GatewayExchange> {
    /** Left for filters that depend on the route. */
    static final AttributeKey<BuiltRoute> ROUTE = AttributeKey.named("gateway.route");

    private static final FilterResult NO_ROUTE =
            FilterResult.respond(LocalResponse.of(404).text("404 Not Found: no route for this request\n"));
    private static final FilterResult DOT_SEGMENT = FilterResult.respond(
            LocalResponse.of(400).text("400 Bad Request: the path has a dot segment (RFC 3986, section 5.2.4)\n"));
    private static final FilterResult TOO_LARGE = FilterResult.respond(
            LocalResponse.of(413).text("413 Content Too Large\n").close());

    private final RouteTable<BuiltRoute> routes;
    private final BuiltRoute none;
    private final IntUnaryOperator random;
    private final boolean tellsRoute;

    GatewayProxy(GatewayConfig config, RequestIds ids, IntUnaryOperator random, boolean tellsRoute) {
        Map<Upstream, AtomicInteger> counters = new HashMap<>();
        List<BuiltRoute> built = new ArrayList<>(config.routes().size());
        config.routes().forEach(route -> built.add(new BuiltRoute(route, ids, counters)));
        this.routes = new RouteTable<>(built, each -> each.match);
        this.none = BuiltRoute.none(config.defaults(), ids);
        this.random = random;
        this.tellsRoute = tellsRoute;
    }

    /** The proxy for this configuration, to which filters may be added. Throws {@link IllegalArgumentException} if two routes match the same. */
    public static HttpProxy.Builder builder(GatewayConfig config) {
        List<RoutePolicy> policies = new ArrayList<>(List.of(config.defaults()));
        config.routes().forEach(route -> policies.add(route.policy()));
        boolean limitsBodies = policies.stream().anyMatch(policy -> policy.maxBody() >= 0);
        RequestIds ids = new RequestIds(
                () -> ThreadLocalRandom.current().nextLong(), config.options().trustedProxies());
        IntUnaryOperator random = bound -> ThreadLocalRandom.current().nextInt(bound);
        boolean edits = config.requestId() || policies.stream().anyMatch(RoutePolicy::editsHeads);
        HttpProxy.Builder proxy = HttpProxy.builder(
                        edits
                                ? new EditingGatewayProxy(config, ids, random, limitsBodies)
                                : new GatewayProxy(config, ids, random, limitsBodies))
                .options(config.options());
        return limitsBodies ? proxy.filter(new BodyLimit()) : proxy;
    }

    @Override
    public GatewayExchange newContext(Session session) {
        return new GatewayExchange(session, none);
    }

    @Override
    public FilterResult requestFilter(Session session, GatewayExchange exchange) {
        RequestHead request = session.request();
        String target = request.target();
        if (RequestPath.hasDotSegment(target, RequestPath.end(target))) {
            return DOT_SEGMENT;
        }
        BuiltRoute route = routes.find(exchange);
        if (route == null) {
            return NO_ROUTE;
        }
        exchange.route = route;
        if (tellsRoute) {
            session.attribute(ROUTE, route);
            long limit = route.policy.maxBody();
            if (limit >= 0 && request.headers().contentLength() > limit) {
                return TOO_LARGE;
            }
        }
        return route.checks.length == 0 ? follow(route, exchange) : check(route, exchange, 0);
    }

    /** Asks the checks in turn; behind one that blocks the rest is asked where it ran, which the exchange waits for. */
    private FilterResult check(BuiltRoute route, GatewayExchange exchange, int from) {
        for (int i = from; i < route.checks.length; i++) {
            FilterResult result = route.checks[i].check(exchange);
            int next = i + 1;
            if (result instanceof FilterResult.Blocking blocking) {
                return FilterResult.blocking(() -> {
                    FilterResult found = blocking.callable().call();
                    return found instanceof FilterResult.Proceed ? check(route, exchange, next) : found;
                });
            }
            if (!(result instanceof FilterResult.Proceed)) {
                return result;
            }
        }
        return follow(route, exchange);
    }

    private FilterResult follow(BuiltRoute route, GatewayExchange exchange) {
        if (route.local != null) {
            exchange.choice = GatewayExchange.ANSWERED;
            return route.local.answer().answer(exchange);
        }
        if (route.policy.retries().replayNonIdempotent()) {
            exchange.session().allowReplay();
        }
        exchange.choice = route.choose(random);
        return FilterResult.proceed();
    }

    @Override
    public PeerSelection upstreamPeer(Session session, UpstreamAttempt attempt, GatewayExchange exchange) {
        return exchange.route.peer(exchange.choice, attempt.number());
    }

    @Override
    public RetryDecision failToConnect(
            Session session, UpstreamAttempt attempt, ProxyException error, GatewayExchange exchange) {
        RetryPolicy retries = exchange.route.policy.retries();
        int most = retries.maxAttempts() == 0 ? exchange.route.peers(exchange.choice) : retries.maxAttempts();
        return attempt.number() < most ? again(retries) : RetryDecision.giveUp();
    }

    @Override
    public RetryDecision errorWhileProxy(
            Session session, UpstreamAttempt attempt, ProxyException error, GatewayExchange exchange) {
        RetryPolicy retries = exchange.route.policy.retries();
        boolean isWanted = error.retryability() != Retryability.NEVER
                || retries.replayNonIdempotent() && error.source() == ErrorSource.UPSTREAM;
        boolean isLeft = retries.maxAttempts() == 0 || attempt.number() < retries.maxAttempts();
        return isWanted && isLeft ? again(retries) : RetryDecision.giveUp();
    }

    private static RetryDecision again(RetryPolicy retries) {
        return retries.delay().isZero() ? RetryDecision.retry() : RetryDecision.retryAfter(retries.delay());
    }
}
