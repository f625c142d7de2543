package dev.lawu.proxy.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.spi.BindRequest;
import dev.lawu.proxy.testing.NettyPeer.Echo;
import dev.lawu.proxy.testing.NettyPeer.Recorder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.DuplexChannel;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SimulatedChannelTest {
    private final Simulation simulation = Simulation.create();
    private final NettyPeer netty = new NettyPeer(simulation, 2);
    private final Recorder recorder = new Recorder();

    @AfterEach
    void nothingIsLeft() {
        netty.close();
        simulation.close();
    }

    private void on(Channel channel, Runnable action) {
        channel.eventLoop().execute(action);
        simulation.run();
    }

    @Test
    void echoesAndHalfCloses() {
        SimulatedConnection client = simulation.connect(netty.listen(Echo::new));
        client.send("hello ").send("world").halfClose();
        simulation.run();

        assertThat(client.received()).isEqualTo("hello world.");
        assertThat(client.isClosedByPeer()).isTrue();
        assertThat(netty.accepted.get(0).isActive()).isTrue();
    }

    @Test
    void largeTransferIsWhole() {
        simulation.network().window(1000);
        SimulatedConnection client = simulation.connect(netty.listen(Echo::new));
        byte[] bytes = new byte[1_000_000];
        new java.util.Random(1).nextBytes(bytes);
        client.send(bytes);
        simulation.run();

        assertThat(client.receivedBytes()).isEqualTo(bytes);
    }

    @Test
    void eventsOfALife() {
        SimulatedConnection client = simulation.connect(netty.listen(() -> recorder));
        client.send("a").sendBytewise("bc").halfClose();
        simulation.run();

        assertThat(recorder.events)
                .containsExactly(
                        "active",
                        "read a",
                        "read b",
                        "read c",
                        "ChannelInputShutdownEvent",
                        "ChannelInputShutdownReadComplete");
        on(netty.accepted.get(0), netty.accepted.get(0)::close);
        assertThat(recorder.events).endsWith("inactive");
        assertThat(client.isClosedByPeer()).isTrue();
    }

    @Test
    void finClosesWithoutHalfClosure() {
        SimulatedConnection client = simulation.connect(netty.listen(1, channel -> {
            channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, false);
            channel.pipeline().addLast(recorder);
        }));
        client.halfClose();
        simulation.run();

        assertThat(recorder.events).containsExactly("active", "inactive");
        assertThat(client.isClosedByPeer()).isTrue();
    }

    @Test
    void resetIsAnExceptionBehindTheBytes() {
        SimulatedConnection client = simulation.connect(netty.listen(() -> recorder));
        client.send("abc");
        simulation.run();
        client.reset();
        simulation.run();

        assertThat(recorder.events)
                .containsExactly("active", "read abc", "java.io.IOException: Connection reset", "inactive");
        assertThat(client.isReset()).isTrue();
    }

    @Test
    void resetMidWriteFailsWhatIsNotWritten() {
        simulation.network().window(100);
        SimulatedConnection client = simulation.connect(netty.listen(() -> recorder));
        client.stopReading();
        simulation.run();
        Channel channel = netty.accepted.get(0);
        ChannelFuture[] write = new ChannelFuture[1];
        on(channel, () -> {
            channel.config().setAutoRead(false);
            write[0] = channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[1000]));
        });
        assertThat(write[0].isDone()).isFalse();
        client.reset();
        simulation.run();

        assertThat(write[0].cause()).isInstanceOf(IOException.class).hasMessage("Connection reset by peer");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void lingerZeroSendsAReset() {
        SimulatedConnection client = simulation.connect(netty.listen(() -> recorder));
        simulation.run();
        Channel channel = netty.accepted.get(0);
        assertThat(channel.config().setOption(ChannelOption.SO_LINGER, 0)).isTrue();
        on(channel, channel::close);

        assertThat(client.isReset()).isTrue();
        assertThat(client.isClosedByPeer()).isFalse();
    }

    @Test
    void closingWithBytesUnreadSendsAReset() {
        SimulatedConnection client = simulation.connect(netty.listen(1, channel -> {
            channel.config().setAutoRead(false);
            channel.pipeline().addLast(recorder);
        }));
        client.send("unread");
        simulation.run();
        on(netty.accepted.get(0), netty.accepted.get(0)::close);

        assertThat(client.isReset()).isTrue();
    }

    @Test
    void bytesToAClosedEndAreAnsweredByAReset() {
        SimulatedConnection client = simulation.connect(netty.listen(() -> recorder));
        simulation.run();
        on(netty.accepted.get(0), netty.accepted.get(0)::close);
        assertThat(client.isReset()).isFalse();
        client.send("too late");
        simulation.run();

        assertThat(client.isClosedByPeer()).isTrue();
        assertThat(client.isReset()).isTrue();
    }

    @Test
    void readsOnDemandOnly() {
        SimulatedConnection client = simulation.connect(netty.listen(1, channel -> {
            channel.config().setAutoRead(false);
            channel.pipeline().addLast(recorder);
        }));
        client.send("a").send("b").halfClose();
        simulation.run();
        Channel channel = netty.accepted.get(0);
        assertThat(recorder.events).containsExactly("active");

        on(channel, channel::read);
        assertThat(recorder.events).containsExactly("active", "read a");
        on(channel, channel::read);
        on(channel, channel::read);
        assertThat(recorder.events).containsExactly("active", "read a", "read b", "ChannelInputShutdownEvent");
    }

    @Test
    void autoReadOffInARead() {
        simulation.network().window(100_000);
        Recorder stopping = new Recorder() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object message) {
                events.add("read " + ((ByteBuf) message).readableBytes());
                ((ByteBuf) message).release();
                context.channel().config().setAutoRead(false);
            }
        };
        SimulatedConnection client = simulation.connect(netty.listen(() -> stopping));
        client.send(new byte[100_000]);
        simulation.run();
        assertThat(stopping.events).hasSize(2);
        on(netty.accepted.get(0), netty.accepted.get(0)::read);
        assertThat(stopping.events).hasSize(3);
    }

    @Test
    void backpressureIsBounded() {
        simulation.network().window(1024);
        SimulatedConnection client = simulation.connect(netty.listen(Echo::new));
        client.stopReading().send(new byte[1_000_000]);
        simulation.run();
        Channel channel = netty.accepted.get(0);
        // The echo keeps reading, so what it cannot write collects in its own buffer: nothing is lost or on the
        // network.
        assertThat(channel.unsafe().outboundBuffer().totalPendingWriteBytes()).isGreaterThan(1_000_000 - 2048);
        assertThat(channel.isWritable()).isFalse();
        assertThat(client.receivedCount()).isZero();

        client.readAtMost(10);
        simulation.run();
        assertThat(client.receivedCount()).isEqualTo(10);
        client.startReading();
        simulation.run();
        assertThat(client.receivedCount()).isEqualTo(1_000_000);
        assertThat(channel.isWritable()).isTrue();
    }

    @Test
    void aReaderThatStopsStopsTheSender() {
        SimulatedConnection client = simulation.connect(netty.listen(1, channel -> {
            channel.config().setAutoRead(false);
            channel.pipeline().addLast(recorder);
        }));
        client.send(new byte[1_000_000]);
        simulation.run();

        assertThat(client.unsentCount()).isEqualTo(1_000_000 - 256 * 1024);
    }

    @Test
    void connectsAndExchanges() {
        SimulatedOrigin origin = simulation.listen("10.0.0.9", 9000);
        ChannelFuture connect = netty.connect(origin.address(), recorder);
        simulation.run();
        assertThat(connect.isSuccess()).isTrue();
        assertThat(connect.channel().remoteAddress()).isEqualTo(origin.address());
        assertThat(origin.connection().remoteAddress())
                .isEqualTo(connect.channel().localAddress());

        origin.connection().send("hi");
        on(connect.channel(), () -> {
            connect.channel().writeAndFlush(Unpooled.wrappedBuffer("yo".getBytes()));
            ((DuplexChannel) connect.channel()).shutdownOutput();
        });
        assertThat(recorder.events).containsExactly("active", "ChannelOutputShutdownEvent", "read hi");
        assertThat(origin.connection().received()).isEqualTo("yo");
        assertThat(origin.connection().isClosedByPeer()).isTrue();
        assertThat(connect.channel().isActive()).isTrue();
    }

    @Test
    void connectFails() {
        ChannelFuture nobody = netty.connect(new InetSocketAddress("10.0.0.9", 1), recorder);
        SimulatedOrigin origin = simulation.listen("10.0.0.9", 9000).refuse();
        ChannelFuture refused = netty.connect(origin.address(), new Recorder());
        simulation.run();

        assertThat(nobody.cause()).isInstanceOf(ConnectException.class).hasMessageContaining("10.0.0.9:1");
        assertThat(refused.cause()).isInstanceOf(ConnectException.class);
        assertThat(recorder.events).doesNotContain("active");
        assertThat(nobody.channel().isOpen()).isFalse();
    }

    @Test
    void connectIsNeverAnswered() {
        SimulatedOrigin origin = simulation.listen("10.0.0.9", 9000).blackhole();
        ChannelFuture connect = netty.connect(origin.address(), recorder);
        simulation.network().blackhole("10.0.0.66");
        ChannelFuture lost = netty.connect(new InetSocketAddress("10.0.0.66", 80), new Recorder());
        simulation.advance(Duration.ofMinutes(10));
        assertThat(connect.isDone()).isFalse();

        on(connect.channel(), connect.channel()::close);
        assertThat(connect.isDone()).isTrue();
        assertThat(connect.isSuccess()).isFalse();
        lost.cancel(false);
        simulation.run();
        assertThat(lost.channel().isOpen()).isFalse();
    }

    @Test
    void connectTakesAsLongAsScripted() {
        SimulatedOrigin origin = simulation.listen("10.0.0.9", 9000).connectDelay(Duration.ofSeconds(3));
        ChannelFuture connect = netty.connect(origin.address(), recorder);
        simulation.advance(Duration.ofMillis(2999));
        assertThat(connect.isDone()).isFalse();
        simulation.advance(Duration.ofMillis(1));
        assertThat(connect.isSuccess()).isTrue();
    }

    @Test
    void backlogIsFinite() {
        SocketAddress address = netty.listen(2, channel -> channel.pipeline().addLast(new Recorder()));
        Channel server = netty.transport
                .bind(new BindRequest(netty.loops, new InetSocketAddress("10.0.0.1", 7), 2, channel -> {}))
                .channel();
        on(server, () -> server.config().setAutoRead(false));
        SimulatedConnection[] clients = new SimulatedConnection[3];
        for (int i = 0; i < 3; i++) {
            clients[i] = simulation.connect(server.localAddress());
        }
        simulation.run();
        // One was accepted by the read that was pending before; or none: at most two wait connected.
        assertThat(clients[0].isConnected()).isTrue();
        assertThat(clients[2].isConnected()).isFalse();
        on(server, () -> server.config().setAutoRead(true));
        assertThat(clients[2].isConnected()).isTrue();
        assertThat(address).isNotEqualTo(server.localAddress());
    }

    @Test
    void bindFailsAtOnceWhereSomebodyListens() {
        SocketAddress address = netty.listen(Echo::new);
        ChannelFuture second = netty.transport.bind(new BindRequest(netty.loops, address, 1, channel -> {}));

        assertThat(second.cause()).hasMessageContaining("Address already in use");
        assertThat(second.channel().isOpen()).isFalse();
    }

    @Test
    void movesToAnotherLoop() {
        SimulatedConnection client = simulation.connect(netty.listen(() -> recorder));
        simulation.run();
        Channel channel = netty.accepted.get(0);
        EventLoop first = channel.eventLoop();
        EventLoop next = netty.loops.next();
        EventLoop other = next == first ? netty.loops.next() : next;
        on(channel, channel::deregister);
        client.send("while it moves");
        simulation.run();
        assertThat(recorder.events).doesNotContain("read while it moves");
        other.register(channel);
        simulation.run();

        assertThat(channel.eventLoop()).isSameAs(other).isNotSameAs(first);
        assertThat(recorder.events).contains("read while it moves");
    }

    @Test
    void shutdownOfTheLoopsClosesEverything() {
        SimulatedConnection client = simulation.connect(netty.listen(() -> recorder));
        simulation.run();
        netty.loops.shutdownGracefully();
        simulation.run();

        assertThat(netty.loops.terminationFuture().isSuccess()).isTrue();
        assertThat(recorder.events).endsWith("inactive");
        assertThat(client.isClosedByPeer()).isTrue();
        assertThat(simulation.connect(netty.accepted.get(0).localAddress())).satisfies(late -> {
            simulation.run();
            assertThat(late.isRefused()).isTrue();
        });
    }
}
