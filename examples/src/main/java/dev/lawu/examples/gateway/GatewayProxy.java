package dev.lawu.examples.gateway;

import dev.lawu.examples.gateway.GatewayConfig.Route;
import dev.lawu.examples.gateway.GatewayConfig.Upstream;
import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ProxyHttp;
import dev.lawu.proxy.RetryDecision;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerSelection;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Sends each request to the upstream of its route, to the upstream's peers in turn, and on to the next peer if one cannot be reached. Thread-safe. */
final class GatewayProxy implements ProxyHttp<GatewayProxy.Destination> {
    private static final FilterResult NO_ROUTE =
            FilterResult.respond(LocalResponse.of(404).text("404 Not Found: no route for this host and path\n"));
    private static final FilterResult DOT_SEGMENT = FilterResult.respond(
            LocalResponse.of(400).text("400 Bad Request: the path has a dot segment (RFC 3986, section 5.2.4)\n"));

    private final RouteTable<Turn> routes = new RouteTable<>();

    GatewayProxy(List<Route> routes) {
        Map<Upstream, Turn> turns = new HashMap<>();
        for (Route route : routes) {
            Turn turn = turns.computeIfAbsent(route.upstream(), upstream -> new Turn(upstream.peers()));
            if (!this.routes.add(route.match(), turn)) {
                throw new IllegalArgumentException("routes: " + route.match() + " twice (expected: each match once)");
            }
        }
    }

    @Override
    public Destination newContext(Session session) {
        return new Destination();
    }

    @Override
    public FilterResult requestFilter(Session session, Destination destination) {
        RequestHead request = session.request();
        String target = request.target();
        if (RequestPath.hasDotSegment(target, RequestPath.end(target))) {
            return DOT_SEGMENT;
        }
        Turn turn = routes.find(request.authority(), target);
        if (turn == null) {
            return NO_ROUTE;
        }
        destination.choose(turn);
        return FilterResult.proceed();
    }

    @Override
    public PeerSelection upstreamPeer(Session session, UpstreamAttempt attempt, Destination destination) {
        return destination.peer(attempt.number());
    }

    @Override
    public RetryDecision failToConnect(
            Session session, UpstreamAttempt attempt, ProxyException error, Destination destination) {
        return attempt.number() < destination.peers() ? RetryDecision.retry() : RetryDecision.giveUp();
    }

    /** An upstream's peers, and whose turn it is. */
    private static final class Turn {
        private final HttpPeer[] peers;
        private final AtomicInteger next = new AtomicInteger();

        Turn(List<HttpPeer> peers) {
            this.peers = peers.toArray(new HttpPeer[0]);
        }

        int take() {
            return peers.length == 1 ? 0 : Math.floorMod(next.getAndIncrement(), peers.length);
        }
    }

    /** Where a request goes. */
    static final class Destination {
        private @Nullable Turn turn;
        private int first;

        private void choose(Turn turn) {
            this.turn = turn;
            this.first = turn.take();
        }

        private int peers() {
            return turn == null ? 0 : turn.peers.length;
        }

        /** Each attempt goes to the peer behind the last one's. */
        private HttpPeer peer(int attempt) {
            if (turn == null) {
                throw new IllegalStateException("no route was chosen (expected: requestFilter before upstreamPeer)");
            }
            return turn.peers[(first + attempt - 1) % turn.peers.length];
        }
    }
}
