package dev.lawu.examples.gateway.proxy;

import dev.lawu.proxy.ProxyOptions;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;

/**
 * What a gateway does: what its file says, in the library's own types. Immutable.
 *
 * @param listeners at least one
 * @param routes at least one
 * @param defaults what holds for answers to requests that no route takes
 * @param requestId whether requests and responses carry {@code X-Request-Id}
 * @param accessLog whether each request is logged
 */
public record GatewayConfig(
        Server server,
        List<InetSocketAddress> listeners,
        List<Route> routes,
        RoutePolicy defaults,
        ProxyOptions options,
        boolean requestId,
        boolean accessLog) {
    public GatewayConfig {
        listeners = List.copyOf(listeners);
        routes = List.copyOf(routes);
    }

    /** The process. */
    public record Server(int eventLoops, int backlog, int maxConnections, Duration drainTimeout) {
        /** An event loop for each processor, and finite numbers of all the rest. */
        public static Server defaults() {
            return new Server(Runtime.getRuntime().availableProcessors(), 1024, 65_536, Duration.ofSeconds(30));
        }
    }
}
