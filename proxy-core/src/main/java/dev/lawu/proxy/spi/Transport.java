package dev.lawu.proxy.spi;

import dev.lawu.proxy.Plugin;
import dev.lawu.proxy.upstream.PeerOptions;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.net.SocketAddress;
import java.util.function.Consumer;

/** Event loops, and the byte streams on them. The default is epoll, or NIO where that is missing; {@code dev.lawu.proxy.testing} has one in memory. Thread-safe. */
public interface Transport extends Plugin {
    /** Makes this many event loops. The caller shuts them down. */
    EventLoopGroup eventLoops(int count);

    /** Listens. What cannot be done (an address of a kind that it does not know, say) fails the future, with a cause that says so. */
    ChannelFuture bind(BindRequest request);

    /**
     * Connects from this loop. Giving up in time is the caller's: closing the future's channel ends it.
     *
     * <p>The address is an internet address, or a {@link java.net.UnixDomainSocketAddress}; one of a kind that the transport does not have fails the future. What the options say about the socket is
     * applied: the source address, which fails the future if it cannot be bound; buffers, keep-alive, the user timeout, the code point and fast open as far as the system has them, and what it has not
     * is logged once.
     *
     * @param created told the connection on its loop, before it is active, to add handlers; half-closure is allowed on it
     */
    ChannelFuture connect(EventLoop loop, SocketAddress remote, PeerOptions options, Consumer<Channel> created);

    /** True if a connection on which nothing is going on may be moved to another event loop, by deregistering and registering it; else pools do not share between loops. Default false. */
    default boolean movesConnections() {
        return false;
    }
}
