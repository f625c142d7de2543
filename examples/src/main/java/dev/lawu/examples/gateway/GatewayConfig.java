package dev.lawu.examples.gateway;

import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.upstream.HttpPeer;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;

/**
 * What a gateway does: what its file says, in the library's own types. Immutable.
 *
 * @param listeners at least one
 * @param routes at least one, in any order: the most specific that matches wins
 * @param accessLog whether each request is logged
 */
record GatewayConfig(
        Server server, List<InetSocketAddress> listeners, List<Route> routes, ProxyOptions options, boolean accessLog) {
    GatewayConfig {
        listeners = List.copyOf(listeners);
        routes = List.copyOf(routes);
    }

    /** The process. */
    record Server(int eventLoops, int backlog, int maxConnections, Duration drainTimeout) {}

    /**
     * Where requests may go.
     *
     * @param peers at least one; taken in turn
     */
    record Upstream(String name, List<HttpPeer> peers) {
        Upstream {
            peers = List.copyOf(peers);
        }
    }

    /** Which requests go where. */
    record Route(RouteMatch match, Upstream upstream) {}
}
