package dev.lawu.proxy.spi;

import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.upstream.HttpPeer;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** Opens streams to upstreams, on pooled connections or new ones. One for each event loop. */
public interface Connector {
    /**
     * Opens a stream; exactly one call of {@link Request#onOpen} or {@link Request#onFailure} follows, on the loop, perhaps before this returns, unless it is cancelled.
     *
     * @return cancels; a connection that was being made is closed, or kept if another request waits for one
     */
    Runnable open(HttpPeer peer, Request request);

    /** Who asks for a stream, and is told how opening it ended. Asked on the loop, and only until it is told. */
    interface Request {
        /** 1 for the first attempt of an exchange. */
        int number();

        /** True to make a new connection in any case. */
        boolean isFresh();

        /** Whom the exchange is for, as {@code Session.clientAddress()} says; null if unknown. */
        @Nullable
        SocketAddress clientAddress();

        /** Where that client's connection has arrived, this process's end of it; null if unknown. */
        @Nullable
        SocketAddress clientLocalAddress();

        /** There is a stream. */
        void onOpen(ClientStream stream, boolean reused);

        /** There is none: an error of resolving, connecting or one of the steps behind that, POOL_TIMEOUT, OVERLOAD or SHUTDOWN. */
        void onFailure(ProxyException cause);
    }
}
