package dev.lawu.proxy.testing;

import dev.lawu.proxy.spi.BindRequest;
import dev.lawu.proxy.spi.Transport;
import dev.lawu.proxy.upstream.PeerOptions;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The proxy's side of the simulated network. Each server has one of its own, so that its connections can be counted. */
final class SimulatedTransport implements Transport {
    private final Scheduler scheduler;
    private final SimulatedNetwork network;
    private final InetAddress localAddress;
    private final int number;
    private final Set<SimulatedChannel> accepted = new LinkedHashSet<>();
    private final Set<SimulatedChannel> made = new LinkedHashSet<>();
    private final List<SimulatedLoop> loops = new ArrayList<>();
    private int channelIds;

    SimulatedTransport(Scheduler scheduler, SimulatedNetwork network, InetAddress localAddress, int number) {
        this.scheduler = scheduler;
        this.network = network;
        this.localAddress = localAddress;
        this.number = number;
    }

    @Override
    public EventLoopGroup eventLoops(int count) {
        SimulatedLoopGroup group = new SimulatedLoopGroup(scheduler, count, loops.size());
        loops.addAll(group.loops());
        return group;
    }

    /** Listens at once: the future is complete when this returns. */
    @Override
    public ChannelFuture bind(BindRequest request) {
        SimulatedServerChannel server = new SimulatedServerChannel(this, request.backlog());
        EventLoopGroup group = request.loops();
        SimulatedLoop loop = (SimulatedLoop) group.next();
        ChannelPromise promise = new DefaultChannelPromise(server, loop);
        if (request.reusePort()) {
            promise.setFailure(new UnsupportedOperationException("SO_REUSEPORT on the simulated network"));
            return promise;
        }
        loop.runNow(() -> {
            server.pipeline().addLast(new Initializer(request.created()));
            server.pipeline().addLast(new Acceptor(group, request.accepted()));
            loop.register(server);
            promise.addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
            server.bind(request.address(), promise);
        });
        return promise;
    }

    @Override
    public ChannelFuture connect(EventLoop loop, SocketAddress remote, PeerOptions options, Consumer<Channel> created) {
        SimulatedChannel channel = new SimulatedChannel(null, this, null);
        made.add(channel);
        channel.pipeline().addLast(new Initializer(created));
        ChannelPromise promise = new DefaultChannelPromise(channel, loop);
        loop.register(channel).addListener((ChannelFutureListener) registered -> {
            if (registered.isSuccess()) {
                InetAddress source = options.sourceAddress();
                channel.connect(remote, source == null ? null : new InetSocketAddress(source, 0), promise);
                promise.addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
            } else {
                promise.tryFailure(registered.cause());
            }
        });
        return promise;
    }

    @Override
    public boolean movesConnections() {
        return true;
    }

    SimulatedNetwork network() {
        return network;
    }

    ConnectAttempt connect(InetSocketAddress remote, @Nullable InetAddress source, ConnectAttempt.Caller caller) {
        return network.connect(network.ephemeral(source == null ? localAddress : source), remote, caller);
    }

    SimulatedChannelId nextChannelId() {
        return new SimulatedChannelId(number * 1_000_000 + ++channelIds);
    }

    void opened(SimulatedChannel channel) {
        accepted.add(channel);
    }

    void closed(SimulatedChannel channel) {
        accepted.remove(channel);
        made.remove(channel);
    }

    /** Connections of clients that are open. */
    Set<SimulatedChannel> accepted() {
        return accepted;
    }

    /** Connections to upstreams that are open or being made. */
    Set<SimulatedChannel> made() {
        return made;
    }

    /** Every loop that was made. */
    List<SimulatedLoop> loops() {
        return loops;
    }

    private static final class Acceptor extends ChannelInboundHandlerAdapter {
        private final EventLoopGroup group;
        private final Consumer<Channel> accepted;

        Acceptor(EventLoopGroup group, Consumer<Channel> accepted) {
            this.group = group;
            this.accepted = accepted;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            Channel child = (Channel) message;
            child.pipeline().addLast(new Initializer(accepted));
            group.next().register(child);
        }
    }

    /** Lets the engine add its handlers on the channel's loop, before the channel is active. */
    private static final class Initializer extends ChannelInitializer<@Nullable Channel> {
        private final Consumer<Channel> consumer;

        Initializer(Consumer<Channel> consumer) {
            this.consumer = consumer;
        }

        @Override
        protected void initChannel(Channel channel) {
            consumer.accept(channel);
        }
    }
}
