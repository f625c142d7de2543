package dev.lawu.proxy.internal.transport;

import dev.lawu.proxy.spi.BindRequest;
import dev.lawu.proxy.spi.Transport;
import dev.lawu.proxy.upstream.PeerOptions;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.UnixChannelOption;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.util.function.Consumer;

/** TCP and Unix-domain sockets, by epoll, or by NIO where epoll is missing. Thread-safe. */
public final class SocketTransport implements Transport {
    private static final ByteBufAllocator ALLOCATOR = PooledByteBufAllocator.DEFAULT;
    private static final WriteBufferWaterMark MARKS = new WriteBufferWaterMark(256 * 1024, 512 * 1024);

    /* How much the kernel takes before it has sent it. Linux says that a socket is writable again only when a third of its send
    buffer is free, and the buffer grows to megabytes: a slow reader would seem not to take anything for a minute. With a limit
    on what is unsent, it is seen to take something every few seconds. */
    private static final int UNSENT = 256 * 1024;

    private static final ChannelOption<Boolean> REUSE_PORT = NioChannelOption.of(StandardSocketOptions.SO_REUSEPORT);

    private final boolean epoll;
    private final PeerSockets sockets;

    /** The best transport that this machine has. */
    public SocketTransport() {
        this(Epoll.isAvailable());
    }

    /** Epoll or NIO. */
    public SocketTransport(boolean epoll) {
        this.epoll = epoll;
        this.sockets = new PeerSockets(epoll);
    }

    @Override
    public EventLoopGroup eventLoops(int count) {
        DefaultThreadFactory threads = new DefaultThreadFactory("lawu-loop", true);
        return new MultiThreadIoEventLoopGroup(
                count, threads, epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
    }

    @Override
    public ChannelFuture bind(BindRequest request) {
        boolean unix = request.address() instanceof UnixDomainSocketAddress;
        ServerBootstrap server = new ServerBootstrap()
                .group(request.loops())
                .channel(unix ? unixServerType() : serverType())
                .handler(initializer(request.created()))
                .option(ChannelOption.SO_BACKLOG, request.backlog())
                .childOption(ChannelOption.ALLOCATOR, ALLOCATOR)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, MARKS)
                .childHandler(initializer(request.accepted()));
        if (epoll || !unix) { // Netty's Unix-domain sockets on NIO always close when the other end half-closes
            server.childOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        }
        if (!unix) {
            server.option(ChannelOption.SO_REUSEADDR, true).childOption(ChannelOption.TCP_NODELAY, true);
        }
        if (epoll && !unix) {
            server.childOption(EpollChannelOption.TCP_NOTSENT_LOWAT, (long) UNSENT);
        }
        if (request.reusePort()) {
            server.option(epoll ? UnixChannelOption.SO_REUSEPORT : REUSE_PORT, true);
        }
        return server.bind(ofTransport(request.address()));
    }

    private Class<? extends ServerChannel> serverType() {
        return epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
    }

    private Class<? extends ServerChannel> unixServerType() {
        return epoll ? EpollServerDomainSocketChannel.class : NioServerDomainSocketChannel.class;
    }

    /** Epoll has a class of its own for the addresses of Unix-domain sockets. */
    private SocketAddress ofTransport(SocketAddress address) {
        return epoll && address instanceof UnixDomainSocketAddress unix
                ? new DomainSocketAddress(unix.getPath().toString())
                : address;
    }

    @Override
    public ChannelFuture connect(EventLoop loop, SocketAddress remote, PeerOptions options, Consumer<Channel> created) {
        boolean local = remote instanceof UnixDomainSocketAddress;
        Bootstrap client = new Bootstrap()
                .group(loop)
                .channel(local ? localType() : socketType())
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0) // the caller gives up in time
                .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .option(ChannelOption.ALLOCATOR, ALLOCATOR)
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, MARKS)
                .handler(initializer(created));
        if (remote instanceof UnixDomainSocketAddress unix) {
            return client.connect(ofTransport(unix));
        }
        client.option(ChannelOption.TCP_NODELAY, true);
        if (epoll) {
            client.option(EpollChannelOption.TCP_NOTSENT_LOWAT, (long) UNSENT);
        }
        if (PeerSockets.isPlain(options)) {
            return client.connect(remote);
        }
        InetAddress source = options.sourceAddress();
        client.handler(initializer(channel -> {
            sockets.apply(channel, options);
            created.accept(channel);
        }));
        return source == null ? client.connect(remote) : client.connect(remote, new InetSocketAddress(source, 0));
    }

    @Override
    public boolean movesConnections() {
        return true;
    }

    private static ChannelInitializer<Channel> initializer(Consumer<Channel> added) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                added.accept(channel);
            }
        };
    }

    private Class<? extends Channel> localType() {
        return epoll ? EpollDomainSocketChannel.class : NioDomainSocketChannel.class;
    }

    Class<? extends SocketChannel> socketType() {
        return epoll ? EpollSocketChannel.class : NioSocketChannel.class;
    }

    Class<? extends DatagramChannel> datagramType() {
        return epoll ? EpollDatagramChannel.class : NioDatagramChannel.class;
    }
}
