package dev.lawu.proxy;

import java.time.Duration;

/**
 * What {@code failToConnect} and {@code errorWhileProxy} answer. Immutable.
 *
 * <p>The engine makes another attempt only if it is possible: no response head was sent downstream, the whole request body is at hand, attempts are left, the request is safe to send again
 * (idempotent, provably unprocessed, or {@link Session#allowReplay()} was called), and the {@linkplain ProxyOptions#retryBudgetPercent() budget} allows it. Otherwise {@link #retry()} is the same as
 * {@link #giveUp()}, and the error's log line says why.
 */
public sealed interface RetryDecision permits RetryDecision.Retry, RetryDecision.GiveUp {
    /** Ask {@code upstreamPeer} again, at once. */
    static RetryDecision retry() {
        return Retry.AT_ONCE;
    }

    /** Ask {@code upstreamPeer} again after this time, 0 to 1 min. */
    static RetryDecision retryAfter(Duration delay) {
        return new Retry(delay);
    }

    /** Answer with the error. */
    static RetryDecision giveUp() {
        return GiveUp.INSTANCE;
    }

    /** See {@link RetryDecision#retryAfter}. */
    record Retry(Duration delay) implements RetryDecision {
        private static final Retry AT_ONCE = new Retry(Duration.ZERO);

        public Retry {
            if (delay.isNegative() || delay.compareTo(Duration.ofMinutes(1)) > 0) {
                throw new IllegalArgumentException("delay: " + delay + " (expected: PT0S..PT1M)");
            }
        }
    }

    /** See {@link RetryDecision#giveUp}. */
    final class GiveUp implements RetryDecision {
        private static final GiveUp INSTANCE = new GiveUp();

        private GiveUp() {}
    }
}
