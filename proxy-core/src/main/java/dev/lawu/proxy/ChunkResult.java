package dev.lawu.proxy;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletionStage;

/**
 * What a body or trailer filter answers for a chunk, or for the trailers. Immutable.
 *
 * <p>The end of the body cannot be removed or moved: what is dropped, held or replaced are bytes. A filter that must add something at the end answers {@link #replace} for the last chunk, which is
 * given to it even if it is empty.
 */
public sealed interface ChunkResult
        permits ChunkResult.Forward,
                ChunkResult.Replace,
                ChunkResult.Drop,
                ChunkResult.Hold,
                ChunkResult.Delay,
                ChunkResult.Fail,
                ChunkResult.Async {
    /** Pass it on as it is; nothing is copied. Trailers: as they have been edited. */
    static ChunkResult forward() {
        return Forward.INSTANCE;
    }

    /** Pass these bytes on instead; the array must not be changed any more. Trailers: send no trailers but these bytes as the end of the body. */
    static ChunkResult replace(byte[] bytes) {
        return new Replace(bytes);
    }

    /** Pass nothing on. Trailers: send none. */
    static ChunkResult drop() {
        return Drop.INSTANCE;
    }

    /**
     * Keep it back; the next chunk that the filter gets begins with these bytes. If more than {@code limit} bytes would be held the exchange fails (413 for a request body, a reset for a
     * response body). Holding the last chunk passes it on. Not for trailers.
     *
     * @param limit 1 byte to 1 GiB
     */
    static ChunkResult hold(int limit) {
        return new Hold(limit);
    }

    /** Do {@code then} after this time; nothing more is read from the sender meanwhile than its flow-control window. For bandwidth limits. 0 to 1 h. */
    static ChunkResult delay(Duration duration, ChunkResult then) {
        return new Delay(duration, then);
    }

    /** Pass it on after this time. */
    static ChunkResult delay(Duration duration) {
        return new Delay(duration, Forward.INSTANCE);
    }

    /** Fail the exchange: an error answer if no response head was sent yet, else the client's stream is reset. */
    static ChunkResult fail(ProxyException error) {
        return new Fail(error);
    }

    /** The answer is known when the stage completes, on any thread; the chunk stays valid until then, or until the exchange ends, which may be before. */
    static ChunkResult async(CompletionStage<? extends ChunkResult> stage) {
        return new Async(stage);
    }

    /** See {@link ChunkResult#forward}. */
    final class Forward implements ChunkResult {
        private static final Forward INSTANCE = new Forward();

        private Forward() {}

        @Override
        public String toString() {
            return "Forward";
        }
    }

    /** See {@link ChunkResult#drop}. */
    final class Drop implements ChunkResult {
        private static final Drop INSTANCE = new Drop();

        private Drop() {}

        @Override
        public String toString() {
            return "Drop";
        }
    }

    /** See {@link ChunkResult#replace}. */
    @SuppressWarnings("ArrayRecordComponent") // handed over, and never compared
    record Replace(byte[] bytes) implements ChunkResult {
        public Replace {
            Objects.requireNonNull(bytes, "bytes");
        }
    }

    /** See {@link ChunkResult#hold}. */
    record Hold(int limit) implements ChunkResult {
        public Hold {
            if (limit < 1 || limit > 1 << 30) {
                throw new IllegalArgumentException("limit: " + limit + " (expected: 1..1073741824)");
            }
        }
    }

    /** See {@link ChunkResult#delay(Duration, ChunkResult)}. */
    record Delay(Duration duration, ChunkResult then) implements ChunkResult {
        public Delay {
            Objects.requireNonNull(then, "then");
            if (duration.isNegative() || duration.compareTo(Duration.ofHours(1)) > 0) {
                throw new IllegalArgumentException("duration: " + duration + " (expected: PT0S..PT1H)");
            }
        }
    }

    /** See {@link ChunkResult#fail}. */
    record Fail(ProxyException error) implements ChunkResult {
        public Fail {
            Objects.requireNonNull(error, "error");
        }
    }

    /** See {@link ChunkResult#async}. */
    record Async(CompletionStage<? extends ChunkResult> stage) implements ChunkResult {
        public Async {
            Objects.requireNonNull(stage, "stage");
        }
    }
}
