package dev.lawu.proxy.testing;

import dev.lawu.proxy.spi.BindRequest;
import dev.lawu.proxy.spi.Transport;
import dev.lawu.proxy.upstream.PeerOptions;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** The proxy's side of the tests: channels of the simulated transport with small handlers. */
final class NettyPeer implements AutoCloseable {
    final Transport transport;
    final EventLoopGroup loops;
    final List<Channel> accepted = new ArrayList<>();

    NettyPeer(Simulation simulation, int eventLoops) {
        transport = simulation.newTransport();
        loops = transport.eventLoops(eventLoops);
    }

    SocketAddress listen(Supplier<? extends ChannelInboundHandlerAdapter> handler) {
        return listen(128, channel -> channel.pipeline().addLast(handler.get()));
    }

    SocketAddress listen(int backlog, Consumer<Channel> initializer) {
        ChannelFuture bound =
                transport.bind(new BindRequest(loops, new InetSocketAddress("10.0.0.1", 0), backlog, channel -> {
                    accepted.add(channel);
                    initializer.accept(channel);
                }));
        if (!bound.isSuccess()) {
            throw new IllegalStateException("not bound when bind returned", bound.cause());
        }
        return bound.channel().localAddress();
    }

    ChannelFuture connect(SocketAddress remote, ChannelInboundHandlerAdapter handler) {
        return transport.connect(
                loops.next(),
                remote,
                PeerOptions.DEFAULTS,
                channel -> channel.pipeline().addLast(handler));
    }

    @Override
    public void close() {
        loops.shutdownGracefully().awaitUninterruptibly();
    }

    /** Writes down what happens to it, and by subclassing reacts. */
    static class Recorder extends ChannelInboundHandlerAdapter {
        final List<String> events = new ArrayList<>();

        @Override
        public void channelActive(ChannelHandlerContext context) {
            events.add("active");
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            events.add("read " + bytes.toString(StandardCharsets.ISO_8859_1));
            bytes.release();
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            events.add(event.getClass().getSimpleName());
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            events.add(cause.toString());
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            events.add("inactive");
        }
    }

    /** Sends back what it reads, and half-closes when the other end has. */
    static final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.write(message);
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.flush();
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof io.netty.channel.socket.ChannelInputShutdownEvent) {
                context.writeAndFlush(context.alloc().buffer(1).writeByte('.'))
                        .addListener(done -> ((SimulatedChannel) context.channel()).shutdownOutput());
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}
