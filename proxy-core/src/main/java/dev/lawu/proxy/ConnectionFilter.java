package dev.lawu.proxy;

import java.net.SocketAddress;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Decides about a connection before anything of its HTTP is looked at: {@link Listener#connectionFilter}. A connection that it rejects is closed without a byte, counted in
 * {@link ServerStats#refused()} as {@code connection-filter} and logged with the reason.
 *
 * <p>Called on the connection's event loop, for connections of all loops at once: it must be thread-safe and must not block. What it throws closes the connection, too ({@code
 * connection-filter-failed}). Connections over a limit are closed before it is asked.
 */
@FunctionalInterface
public interface ConnectionFilter {
    /** Decides. */
    Decision filter(Incoming connection);

    /**
     * A connection to decide about.
     *
     * @param listener the name of the listener
     * @param clientAddress the client's address: what a trusted PROXY protocol header says, else the peer's
     * @param peerAddress the other end of the connection; null if the transport has no addresses
     * @param localAddress the address that the client connected to
     */
    record Incoming(
            String listener,
            @Nullable SocketAddress clientAddress,
            @Nullable SocketAddress peerAddress,
            @Nullable SocketAddress localAddress) {}

    /** What a filter answers. Immutable. */
    sealed interface Decision permits Accept, Reject, Async {
        /** The connection is welcome. */
        static Decision accept() {
            return Accept.INSTANCE;
        }

        /** The connection is closed at once. The reason is logged. */
        static Decision reject(String reason) {
            return new Reject(reason);
        }

        /**
         * The answer is known when the stage completes, on any thread. Nothing of what comes meanwhile is looked at. The connection is closed if that takes longer than {@link ProxyOptions#headReadTimeout()} (counted as
         * {@code connection-filter-timeout}); a later answer is dropped.
         */
        static Decision async(CompletionStage<? extends Decision> stage) {
            return new Async(stage);
        }
    }

    /** See {@link Decision#accept}. */
    final class Accept implements Decision {
        private static final Accept INSTANCE = new Accept();

        private Accept() {}

        @Override
        public String toString() {
            return "Accept";
        }
    }

    /** See {@link Decision#reject}. */
    record Reject(String reason) implements Decision {
        public Reject {
            Objects.requireNonNull(reason, "reason");
        }
    }

    /** See {@link Decision#async}. */
    record Async(CompletionStage<? extends Decision> stage) implements Decision {
        public Async {
            Objects.requireNonNull(stage, "stage");
        }
    }
}
