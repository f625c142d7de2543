package dev.lawu.proxy.spi;

import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.upstream.HttpPeer;

/** Opens streams to upstreams, on pooled connections or new ones. One for each event loop. */
public interface Connector {
    /**
     * Opens a stream; exactly one call to the callback follows, on the loop, perhaps before this returns, unless it is cancelled.
     *
     * @param fresh true to make a new connection in any case
     * @return cancels; a connection that is made later goes to the pool
     */
    Runnable open(HttpPeer peer, boolean fresh, Callback callback);

    /** Told how opening ended. */
    interface Callback {
        /** There is a stream. */
        void onOpen(ClientStream stream, boolean reused);

        /** There is none: RESOLVE, CONNECT, CONNECT_TIMEOUT or OVERLOAD. */
        void onFailure(ProxyException cause);
    }
}
