package dev.lawu.examples.gateway;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds the most specific route of a request. Not thread-safe while it is filled.
 *
 * <p>An exact host goes before a wildcard, a longer wildcard before a shorter one, any of them before routes for every host; among routes of one host the exact path goes before prefixes, and a
 * longer prefix before a shorter one. If no path of a host matches, the less specific hosts are looked at. The order of the routes means nothing, and their number costs nothing.
 */
final class RouteTable<T> {
    private final Map<String, PathTable<T>> hosts = new HashMap<>();
    /** By domain, without {@code *.}. */
    private final Map<String, PathTable<T>> wildcards = new HashMap<>();

    private final PathTable<T> anyHost = new PathTable<>();

    /** Adds a route and returns true, unless there is one with the same match. */
    boolean add(RouteMatch match, T value) {
        return table(match.host()).add(match.path(), match.isExact(), value);
    }

    private PathTable<T> table(String host) {
        if (host.isEmpty()) {
            return anyHost;
        }
        return host.startsWith("*.")
                ? wildcards.computeIfAbsent(host.substring(2), key -> new PathTable<>())
                : hosts.computeIfAbsent(host, key -> new PathTable<>());
    }

    /**
     * The value of the route for this request; null if there is none.
     *
     * @param authority the request's {@code Host}; null if it has none
     * @param target the request target, of which the path counts
     */
    @Nullable
    T find(@Nullable String authority, String target) {
        int end = RequestPath.end(target);
        int percent = target.indexOf('%');
        if (percent >= 0 && percent < end) {
            target = RequestPath.decodeUnreserved(target.substring(0, end));
            end = target.length();
        }
        if (authority != null && !(hosts.isEmpty() && wildcards.isEmpty())) {
            T value = findByHost(HostName.of(authority), target, end);
            if (value != null) {
                return value;
            }
        }
        return anyHost.find(target, end);
    }

    private @Nullable T findByHost(String host, String target, int end) {
        PathTable<T> paths = hosts.get(host);
        T value = paths == null ? null : paths.find(target, end);
        if (value != null || wildcards.isEmpty()) {
            return value;
        }
        // From the longest domain to the shortest; a host's name has at most 127 labels.
        int dot = host.indexOf('.');
        for (int labels = 0; value == null && dot >= 0 && labels < 127; labels++) {
            paths = wildcards.get(host.substring(dot + 1));
            value = paths == null ? null : paths.find(target, end);
            dot = host.indexOf('.', dot + 1);
        }
        return value;
    }
}
