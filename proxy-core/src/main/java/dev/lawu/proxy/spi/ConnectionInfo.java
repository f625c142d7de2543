package dev.lawu.proxy.spi;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** What is known of a connection. */
public interface ConnectionInfo {
    /** Unique in the process. */
    long number();

    /** The other end; null if the transport has no addresses. */
    @Nullable
    SocketAddress remoteAddress();

    /** This end; null if the transport has no addresses. */
    @Nullable
    SocketAddress localAddress();

    /** True if it is encrypted. */
    boolean isSecure();

    /** What {@link #attach} left; null if nothing. */
    @Nullable
    Object attachment();

    /** Leaves something that the exchange machine derives from the connection once; on the connection's loop. */
    void attach(Object attachment);
}
