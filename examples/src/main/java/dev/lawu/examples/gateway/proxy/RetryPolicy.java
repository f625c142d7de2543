package dev.lawu.examples.gateway.proxy;

import java.time.Duration;

/**
 * When a request is sent again. The proxy's own limit of attempts holds all the same.
 *
 * @param maxAttempts the first one included, 1 to 100; 0: one for each peer that cannot be reached, and the proxy's limit for what is provably safe
 * @param replayNonIdempotent whether a POST is sent again too after an upstream may have seen it
 * @param delay before each further attempt, 0 to 1 min
 */
public record RetryPolicy(int maxAttempts, boolean replayNonIdempotent, Duration delay) {
    /** As the proxy does it by itself. */
    public static final RetryPolicy DEFAULT = new RetryPolicy(0, false, Duration.ZERO);

    public RetryPolicy {
        if (maxAttempts < 0 || maxAttempts > 100) {
            throw new IllegalArgumentException("maxAttempts: " + maxAttempts + " (expected: 0..100)");
        }
        if (delay.isNegative() || delay.compareTo(Duration.ofMinutes(1)) > 0) {
            throw new IllegalArgumentException("delay: " + delay + " (expected: PT0S..PT1M)");
        }
    }
}
