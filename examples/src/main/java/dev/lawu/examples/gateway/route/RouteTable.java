package dev.lawu.examples.gateway.route;

import dev.lawu.proxy.http.RequestHead;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Finds the first route of a request, in the order of {@link RouteMatch#MOST_SPECIFIC_FIRST}. Immutable.
 *
 * <p>Hosts are found by hash, wildcards by hash of each domain above the host, paths by one step for each segment; only the routes of the very place that a request reaches are then asked for their
 * regular expressions and conditions. So the number of routes costs nothing; each different priority costs a look-up.
 */
public final class RouteTable<T> {
    /** How many different priorities there may be: each one costs every request a look-up. */
    public static final int MAX_PRIORITIES = 16;

    private final List<T> inOrder = new ArrayList<>();
    private final Function<T, RouteMatch> matchOf;
    private final List<Hosts<T>> priorities = new ArrayList<>();
    private boolean usesHosts;

    /**
     * A table of these routes, which are tried in their order where none is more specific.
     *
     * @param matchOf what a route asks for
     * @throws IllegalArgumentException if two routes ask for the same, or there are too many priorities
     */
    public RouteTable(List<T> routes, Function<T, RouteMatch> matchOf) {
        this.matchOf = matchOf;
        inOrder.addAll(routes);
        inOrder.sort(Comparator.comparing(matchOf, RouteMatch.MOST_SPECIFIC_FIRST));
        Set<Object> seen = new HashSet<>();
        Map<Integer, Hosts<T>> byPriority = new HashMap<>();
        for (T route : inOrder) {
            RouteMatch match = matchOf.apply(route);
            if (!seen.add(match.identity())) {
                throw new IllegalArgumentException("routes: " + match + " twice (expected: each match once)");
            }
            usesHosts |= !match.host().isEmpty();
            if (byPriority.get(match.priority()) == null) {
                Hosts<T> hosts = new Hosts<>();
                byPriority.put(match.priority(), hosts);
                priorities.add(hosts);
            }
        }
        if (priorities.size() > MAX_PRIORITIES) {
            throw new IllegalArgumentException(
                    "routes: " + priorities.size() + " priorities (expected: at most " + MAX_PRIORITIES + ")");
        }
        for (int i = inOrder.size() - 1; i >= 0; i--) {
            T route = inOrder.get(i);
            RouteMatch match = matchOf.apply(route);
            Hosts<T> hosts = byPriority.get(match.priority());
            if (hosts != null) {
                hosts.table(match).addFirst(match, route);
            }
        }
    }

    /** The route of this request; null if there is none. */
    public @Nullable T find(RequestView view) {
        RequestHead request = view.request();
        String target = request.target();
        int end = RequestPath.end(target);
        int percent = target.indexOf('%');
        if (percent >= 0 && percent < end) {
            target = RequestPath.decodeUnreserved(target.substring(0, end));
            end = target.length();
        }
        String authority = usesHosts ? request.authority() : null;
        String host = authority == null ? null : HostName.of(authority);
        for (int i = 0; i < priorities.size(); i++) {
            PathTable.Candidate<T> found = priorities.get(i).find(host, target, end, view);
            if (found != null) {
                return found.value;
            }
        }
        return null;
    }

    /** The routes whose host and path this request has, in the order in which they are tried, each with the first condition that it does not meet. For people: it looks at all routes. */
    public List<Step<T>> explain(RequestView view) {
        String path = RequestPath.decodeUnreserved(view.request().path());
        String authority = view.request().authority();
        String host = authority == null ? null : HostName.of(authority);
        List<Step<T>> steps = new ArrayList<>();
        for (T route : inOrder) {
            RouteMatch match = matchOf.apply(route);
            if (match.matchesPlace(host, path)) {
                steps.add(new Step<>(route, match.unmet(view)));
            }
        }
        return steps;
    }

    /**
     * A route that was looked at.
     *
     * @param unmet why it is not taken; null if it could be
     */
    public record Step<T>(T route, @Nullable Condition unmet) {}

    /** The routes of one priority. */
    private static final class Hosts<T> {
        private final Map<String, PathTable<T>> exact = new HashMap<>();
        /** By domain, without {@code *.}. */
        private final Map<String, PathTable<T>> wildcards = new HashMap<>();

        private final PathTable<T> any = new PathTable<>();

        PathTable<T> table(RouteMatch match) {
            if (match.host().isEmpty()) {
                return any;
            }
            return match.isWildcard()
                    ? wildcards.computeIfAbsent(match.host().substring(2), key -> new PathTable<>())
                    : exact.computeIfAbsent(match.host(), key -> new PathTable<>());
        }

        PathTable.@Nullable Candidate<T> find(@Nullable String host, String target, int end, RequestView view) {
            if (host != null) {
                PathTable<T> paths = exact.get(host);
                PathTable.Candidate<T> found = paths == null ? null : paths.find(target, end, view);
                if (found == null && !wildcards.isEmpty()) {
                    found = findByWildcard(host, target, end, view);
                }
                if (found != null) {
                    return found;
                }
            }
            return any.find(target, end, view);
        }

        private PathTable.@Nullable Candidate<T> findByWildcard(String host, String target, int end, RequestView view) {
            // From the longest domain to the shortest; a host's name has at most 127 labels.
            int dot = host.indexOf('.', 1);
            for (int labels = 0; dot >= 0 && labels < 127; labels++) {
                PathTable<T> paths = wildcards.get(host.substring(dot + 1));
                PathTable.Candidate<T> found = paths == null ? null : paths.find(target, end, view);
                if (found != null) {
                    return found;
                }
                dot = host.indexOf('.', dot + 1);
            }
            return null;
        }
    }
}
