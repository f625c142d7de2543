package dev.lawu.examples.gateway.proxy;

import dev.lawu.examples.gateway.action.ErrorPages;
import dev.lawu.examples.gateway.action.RequestIds;
import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.ResponseSource;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import java.util.function.IntUnaryOperator;

/** Edits heads as routes say. Thread-safe. */
final class EditingGatewayProxy extends GatewayProxy {
    private static final FilterResult NO_TARGET = FilterResult.respond(
            LocalResponse.of(400).text("400 Bad Request: the path cannot be rewritten to one that could be sent on\n"));

    private final boolean sendsRequestId;

    EditingGatewayProxy(GatewayConfig config, RequestIds ids, IntUnaryOperator random, boolean tellsRoute) {
        super(config, ids, random, tellsRoute);
        this.sendsRequestId = config.requestId();
    }

    @Override
    public FilterResult upstreamRequestFilter(
            Session session, UpstreamAttempt attempt, RequestHead head, GatewayExchange exchange) {
        if (sendsRequestId) {
            head.headers().set(RequestIds.FIELD, exchange.requestId());
        }
        RoutePolicy policy = exchange.route.policy;
        if (!policy.rewrite().isNone()) {
            String target = policy.rewrite().rewrite(exchange);
            if (target == null) {
                return NO_TARGET;
            }
            head.setTarget(target);
        }
        if (policy.upstreamHost() != null) {
            head.headers().set("Host", policy.upstreamHost().expand(exchange));
        }
        policy.requestHeaders().apply(head.headers(), exchange);
        return FilterResult.proceed();
    }

    @Override
    public FilterResult responseFilter(Session session, ResponseHead head, GatewayExchange exchange) {
        RoutePolicy policy = exchange.route.policy;
        if (head.isInformational() || !sendsRequestId && !policy.marksResponses()) {
            return FilterResult.proceed();
        }
        ErrorPages.Page page = policy.errorPages().find(head.status());
        if (page != null && isReplaceable(session, policy, exchange)) {
            Headers headers = ErrorPages.fields(page, head.headers());
            mark(headers, policy, exchange);
            LocalResponse response = LocalResponse.of(head.status()).body(page.body());
            return FilterResult.respond(withFields(response, headers));
        }
        mark(head.headers(), policy, exchange);
        return FilterResult.proceed();
    }

    private static LocalResponse withFields(LocalResponse response, Headers headers) {
        LocalResponse[] result = {response};
        headers.forEach((name, value) -> result[0] = result[0].header(name, value));
        return result[0];
    }

    /** An upstream's answer only where that is wanted, and a route's own fixed response never. */
    private static boolean isReplaceable(Session session, RoutePolicy policy, GatewayExchange exchange) {
        ResponseSource source = session.responseSource();
        if (source == ResponseSource.UPSTREAM || source == ResponseSource.CACHE) {
            return policy.errorPages().forUpstream();
        }
        Route.Local local = exchange.route.local;
        return exchange.choice != GatewayExchange.ANSWERED || local == null || !local.isFinal();
    }

    private void mark(Headers response, RoutePolicy policy, GatewayExchange exchange) {
        if (sendsRequestId) {
            response.set(RequestIds.FIELD, exchange.requestId());
        }
        if (policy.cors() != null) {
            policy.cors().mark(response, exchange);
        }
        if (policy.securityHeaders() != null) {
            policy.securityHeaders().mark(response, exchange.scheme());
        }
        policy.responseHeaders().apply(response, exchange);
    }
}
