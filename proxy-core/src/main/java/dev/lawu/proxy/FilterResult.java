package dev.lawu.proxy;

import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;

/**
 * What a deciding callback answers. Immutable.
 *
 * <p>{@link #proceed()} goes on at once, without an allocation. A pending result ({@link #async}, {@link #blocking}) suspends the exchange, not the event loop; while it is pending the client's
 * departure and the callback deadline race against it, and a result that comes after the exchange has ended is dropped. A pending result may give another pending one, with a deadline of its own.
 */
public sealed interface FilterResult
        permits FilterResult.Proceed, FilterResult.Respond, FilterResult.Async, FilterResult.Blocking {
    /** Go on. */
    static FilterResult proceed() {
        return Proceed.INSTANCE;
    }

    /** Answer the client with this instead of what would come. The upstream, if one was asked, is let go. */
    static FilterResult respond(LocalResponse response) {
        return new Respond(response);
    }

    /**
     * The answer is known when the stage completes, on any thread; the exchange goes on on its own event loop. The exchange may end before that, and session and heads end with it: work that is still
     * going on then gets {@link IllegalStateException} from them.
     */
    static FilterResult async(CompletionStage<? extends FilterResult> stage) {
        return new Async(stage);
    }

    /**
     * The answer is found by code that may block; it runs on the proxy's blocking executor. If its queue is full the client gets 503. The callable can read session and heads until it returns, also when
     * the exchange has ended meanwhile.
     */
    static FilterResult blocking(Callable<? extends FilterResult> callable) {
        return new Blocking(callable);
    }

    /** See {@link FilterResult#proceed}. */
    final class Proceed implements FilterResult {
        private static final Proceed INSTANCE = new Proceed();

        private Proceed() {}

        @Override
        public String toString() {
            return "Proceed";
        }
    }

    /** See {@link FilterResult#respond}. */
    record Respond(LocalResponse response) implements FilterResult {
        public Respond {
            Objects.requireNonNull(response, "response");
        }
    }

    /** See {@link FilterResult#async}. */
    record Async(CompletionStage<? extends FilterResult> stage) implements FilterResult {
        public Async {
            Objects.requireNonNull(stage, "stage");
        }
    }

    /** See {@link FilterResult#blocking}. */
    record Blocking(Callable<? extends FilterResult> callable) implements FilterResult {
        public Blocking {
            Objects.requireNonNull(callable, "callable");
        }
    }
}
