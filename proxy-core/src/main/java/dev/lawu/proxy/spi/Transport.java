package dev.lawu.proxy.spi;

import dev.lawu.proxy.Plugin;
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

    /**
     * Listens.
     *
     * @param accepted told each connection on its own loop, before it is active, to add handlers; half-closure is allowed on it
     */
    ChannelFuture bind(EventLoopGroup loops, SocketAddress address, int backlog, Consumer<Channel> accepted);

    /**
     * Connects from this loop. Giving up in time is the caller's.
     *
     * @param created told the connection on its loop, before it is active, to add handlers; half-closure is allowed on it
     */
    ChannelFuture connect(EventLoop loop, SocketAddress remote, Consumer<Channel> created);

    /** True if a connection on which nothing is going on may be moved to another event loop, by deregistering and registering it; else pools do not share between loops. Default false. */
    default boolean movesConnections() {
        return false;
    }
}
