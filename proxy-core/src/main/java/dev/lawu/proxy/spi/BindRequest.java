package dev.lawu.proxy.spi;

import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import java.net.SocketAddress;
import java.util.function.Consumer;

/**
 * What a {@link Transport} is asked to listen on.
 *
 * @param loops one of them accepts, and connections are given to them in turn
 * @param address an {@link java.net.InetSocketAddress}, a {@link java.net.UnixDomainSocketAddress}, or another that the transport knows
 * @param backlog how many connections may wait to be accepted
 * @param reusePort true if other sockets are to listen on the same address (SO_REUSEPORT)
 * @param created told the listening channel on its loop, before it is bound, to add handlers
 * @param accepted told each connection on its own loop, before it is active, to add handlers; half-closure is allowed on it
 */
public record BindRequest(
        EventLoopGroup loops,
        SocketAddress address,
        int backlog,
        boolean reusePort,
        Consumer<Channel> created,
        Consumer<Channel> accepted) {
    /** Listens with one socket, and nothing to add to it. */
    public BindRequest(EventLoopGroup loops, SocketAddress address, int backlog, Consumer<Channel> accepted) {
        this(loops, address, backlog, false, channel -> {}, accepted);
    }
}
