package dev.lawu.examples.gateway.proxy;

import dev.lawu.examples.gateway.action.Answer;
import dev.lawu.examples.gateway.route.RouteMatch;
import java.util.List;

/**
 * Which requests get what.
 *
 * @param name for people: where it was written
 */
public record Route(String name, RouteMatch match, Target target, RoutePolicy policy) {
    /** A route to one upstream, without more. */
    public static Route to(Upstream upstream, RouteMatch match) {
        return new Route(match.toString(), match, new Forward(List.of(new Share(upstream, 1))), RoutePolicy.NONE);
    }

    /** What requests get. */
    public sealed interface Target {}

    /**
     * An upstream's answer.
     *
     * @param shares at least one; each gets its part of the requests, by chance
     */
    public record Forward(List<Share> shares) implements Target {
        public Forward {
            shares = List.copyOf(shares);
            if (shares.stream().mapToLong(Share::weight).sum() < 1) {
                throw new IllegalArgumentException("split: all weights are 0 (expected: one that is more)");
            }
        }
    }

    /**
     * An upstream's part of a route's requests.
     *
     * @param weight 0 to 1,000,000, in relation to the others'
     */
    public record Share(Upstream upstream, int weight) {
        public Share {
            if (weight < 0 || weight > 1_000_000) {
                throw new IllegalArgumentException("weight: " + weight + " (expected: 0..1000000)");
            }
        }
    }

    /**
     * The gateway's own answer.
     *
     * @param isFinal whether error pages leave it as it is
     */
    public record Local(Answer answer, boolean isFinal) implements Target {}
}
