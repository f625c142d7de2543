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

    /** Listens. What cannot be done (an address of a kind that it does not know, say) fails the future, with a cause that says so. */
    ChannelFuture bind(BindRequest request);

    /**
     * Connects from this loop. Giving up in time is the caller's.
     *
     * @param created told the connection on its loop, before it is active, to add handlers; half-closure is allowed on it
     */
    ChannelFuture connect(EventLoop loop, SocketAddress remote, Consumer<Channel> created);
}
