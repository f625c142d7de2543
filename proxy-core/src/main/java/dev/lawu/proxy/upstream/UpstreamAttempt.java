package dev.lawu.proxy.upstream;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** One try to get a response from an upstream. A request has as many as it is retried. Read it on the session's event loop; after {@code logging} it keeps its last values. */
public interface UpstreamAttempt {
    /** 1 for the first attempt of the request. */
    int number();

    /** The chosen peer; null until {@code upstreamPeer} has answered. */
    @Nullable
    HttpPeer peer();

    /** True if the connection came from the pool, where it was kept after other requests or ready for this one. False until there is a connection. */
    boolean isConnectionReused();

    /** The number of the upstream connection, unique in the process; 0 until there is one. */
    long connectionNumber();

    /** The peer's address that is connected to; null until there is a connection. */
    @Nullable
    SocketAddress remoteAddress();

    /** The local address of the connection; null until there is one. */
    @Nullable
    SocketAddress localAddress();

    /** Nanoseconds from the choice of the peer until a connection was ready; -1 until it is. */
    long connectNanos();

    /** Nanoseconds from the connection being ready until the final response head; -1 until it has come. */
    long responseHeadNanos();

    /** Bytes of the request body that were given to the connection, after filters. */
    long requestBodyBytes();

    /** Bytes of the response body that were received, before filters. */
    long responseBodyBytes();
}
