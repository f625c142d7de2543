package dev.lawu.proxy.spi;

import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.upstream.HttpPeer;
import org.jspecify.annotations.Nullable;

/** Opens streams to upstreams, on pooled connections or new ones. One for each event loop. */
public interface Connector {
    /**
     * Opens a stream; exactly one call to the callback follows, on the loop, perhaps before this returns, unless it is cancelled.
     *
     * @param client the connection that the request came on, which connections of the PROXY protocol name; null if there is none
     * @param fresh true to make a new connection in any case
     * @return cancels; what was begun for it is given up or goes to the pool
     */
    Runnable open(HttpPeer peer, @Nullable ConnectionInfo client, boolean fresh, Callback callback);

    /** Told how opening ended. */
    interface Callback {
        /** There is a stream. */
        void onOpen(ClientStream stream, boolean reused);

        /** There is none: RESOLVE, CONNECT, CONNECT_TIMEOUT, POOL_TIMEOUT, OVERLOAD or SHUTDOWN. */
        void onFailure(ProxyException cause);
    }
}
