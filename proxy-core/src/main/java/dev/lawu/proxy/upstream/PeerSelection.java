package dev.lawu.proxy.upstream;

import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;

/**
 * What {@code upstreamPeer} answers: an {@link HttpPeer} itself, or one that is still being chosen.
 *
 * <p>A stage or a callable that fails, or gives null, fails the request as an internal error. Immutable.
 */
public sealed interface PeerSelection permits HttpPeer, PeerSelection.Async, PeerSelection.Blocking {
    /** The peer is known when the stage completes, on any thread; the exchange goes on on its own event loop. */
    static PeerSelection async(CompletionStage<? extends PeerSelection> stage) {
        return new Async(stage);
    }

    /** The peer is found by code that may block; it runs on the proxy's blocking executor. */
    static PeerSelection blocking(Callable<? extends PeerSelection> callable) {
        return new Blocking(callable);
    }

    /** See {@link PeerSelection#async}. */
    record Async(CompletionStage<? extends PeerSelection> stage) implements PeerSelection {
        public Async {
            Objects.requireNonNull(stage, "stage");
        }
    }

    /** See {@link PeerSelection#blocking}. */
    record Blocking(Callable<? extends PeerSelection> callable) implements PeerSelection {
        public Blocking {
            Objects.requireNonNull(callable, "callable");
        }
    }
}
