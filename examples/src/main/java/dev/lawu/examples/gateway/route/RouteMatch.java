package dev.lawu.examples.gateway.route;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a route asks of a request. Immutable.
 *
 * @param priority routes of a higher one are looked at first
 * @param host a host name in lower case, {@code *.} and a domain for all names below it, or empty for every host
 * @param conditions all of which must be met
 */
public record RouteMatch(int priority, String host, PathMatch path, List<Condition> conditions) {
    /** Matches every request. */
    public static final RouteMatch ALL = new RouteMatch(0, "", PathMatch.ALL, List.of());

    /**
     * Routes as they are tried: by priority, then the more specific host, the more specific path, the number of conditions. Where this says that two are the same their order in the file decides.
     *
     * <p>An exact host is more specific than a wildcard, a longer wildcard than a shorter one, any of them than every host. An exact path is more specific than a regular expression or a prefix; among
     * these the longer literal beginning, then the regular expression.
     */
    public static final Comparator<RouteMatch> MOST_SPECIFIC_FIRST = Comparator.comparingInt(RouteMatch::priority)
            .reversed()
            .thenComparing(Comparator.comparingInt(RouteMatch::hostRank).reversed())
            .thenComparing(match -> match.path.kind() != PathMatch.Kind.EXACT)
            .thenComparing(Comparator.comparingInt(
                            (RouteMatch match) -> match.path.literal().length())
                    .reversed())
            .thenComparing(match -> match.path.kind() == PathMatch.Kind.PREFIX)
            .thenComparing(Comparator.comparingInt((RouteMatch match) -> match.conditions.size())
                    .reversed());

    public RouteMatch {
        conditions = List.copyOf(conditions);
    }

    /** A match without conditions. */
    public static RouteMatch of(String host, PathMatch path) {
        return new RouteMatch(0, host, path, List.of());
    }

    private int hostRank() {
        return host.isEmpty() ? 0 : isWildcard() ? host.length() : Integer.MAX_VALUE;
    }

    boolean isWildcard() {
        return host.startsWith("*.");
    }

    /** True if host ({@link HostName#of}; null if the request has none) and path are as asked for. */
    boolean matchesPlace(@Nullable String requestHost, String requestPath) {
        boolean isHost = host.isEmpty()
                || requestHost != null
                        && (isWildcard()
                                ? requestHost.endsWith(host.substring(1)) && requestHost.length() >= host.length()
                                : requestHost.equals(host));
        return isHost && path.matches(requestPath);
    }

    /** The first condition that is not met; null if all are. */
    @Nullable
    Condition unmet(RequestView view) {
        for (int i = 0; i < conditions.size(); i++) {
            if (!conditions.get(i).matches(view)) {
                return conditions.get(i);
            }
        }
        return null;
    }

    /** What two routes must not have in common: all but the order of their conditions. */
    public Object identity() {
        List<Object> identity = new ArrayList<>(List.of(priority, host, path));
        identity.add(new HashSet<>(conditions));
        return identity;
    }

    /** {@code host HOST, prefix PATH, method GET, priority 1}. */
    @Override
    public String toString() {
        String more = conditions.stream().map(condition -> ", " + condition).collect(Collectors.joining());
        return (host.isEmpty() ? "any host" : "host " + host) + ", " + path + more
                + (priority == 0 ? "" : ", priority " + priority);
    }
}
