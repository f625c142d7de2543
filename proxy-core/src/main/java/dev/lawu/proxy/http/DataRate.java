package dev.lawu.proxy.http;

import java.time.Duration;
import java.util.Objects;

/**
 * The least rate at which a body is to come, or to be taken, while it is waited for. Immutable.
 *
 * <p>It is an average over at least the grace: a sender has the grace at first, and each byte earns it time, {@code 1 / bytesPerSecond} seconds of it, of which it can save up no more than the grace.
 * Only waiting counts: not the time in which the proxy does not read, or has nothing to send. A whole grace in which nothing moves, after one in which enough did, is not slowness but a pause; pauses
 * are for the timeouts to end.
 *
 * @param bytesPerSecond 1 to 2^30; 0 for no limit
 * @param grace 100 ms to 24 h
 */
public record DataRate(long bytesPerSecond, Duration grace) {
    /** No limit. */
    public static final DataRate NONE = new DataRate(0, Duration.ofSeconds(30));

    /** Checks the ranges and throws {@link IllegalArgumentException} with what was found and what was expected. */
    public DataRate {
        Objects.requireNonNull(grace, "grace");
        if (bytesPerSecond < 0 || bytesPerSecond > 1 << 30) {
            throw new IllegalArgumentException(
                    "bytesPerSecond: " + bytesPerSecond + " (expected: 0.." + (1 << 30) + ")");
        }
        if (grace.toMillis() < 100 || grace.compareTo(Duration.ofHours(24)) > 0) {
            throw new IllegalArgumentException("grace: " + grace + " (expected: PT0.1S..PT24H)");
        }
    }

    /** True if there is no limit. */
    public boolean isNone() {
        return bytesPerSecond == 0;
    }

    /** {@code 240 bytes/s over PT30S}, or {@code none}. */
    @Override
    public String toString() {
        return isNone() ? "none" : bytesPerSecond + " bytes/s over " + grace;
    }
}
