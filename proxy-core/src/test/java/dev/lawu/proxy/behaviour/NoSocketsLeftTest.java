package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.RetryDecision;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.internal.transport.SocketTransport;
import dev.lawu.proxy.spi.BindRequest;
import dev.lawu.proxy.spi.Transport;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import dev.lawu.proxy.upstream.PeerOptions;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** A process that has no file descriptors left to connect with: Netty tells of that on a thread of its own. */
class NoSocketsLeftTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    private static final class Failing implements Transport {
        private final Transport transport = new SocketTransport();
        private volatile boolean failing = true;
        private volatile EventLoop loop;

        @Override
        public EventLoopGroup eventLoops(int count) {
            return transport.eventLoops(count);
        }

        @Override
        public ChannelFuture bind(BindRequest request) {
            return transport.bind(request);
        }

        @Override
        public ChannelFuture connect(
                EventLoop loop, SocketAddress remote, PeerOptions options, Consumer<Channel> created) {
            this.loop = loop;
            if (!failing) {
                return transport.connect(loop, remote, options, created);
            }
            return new Bootstrap()
                    .group(loop)
                    .channelFactory(() -> {
                        throw new ChannelException("Too many open files");
                    })
                    .handler(new ChannelInboundHandlerAdapter())
                    .connect(remote);
        }
    }

    @Test
    void failsTheRequestOnItsLoopAndLeavesNothing() {
        try (World world = World.Kind.SOCKETS.create()) {
            Failing transport = new Failing();
            List<Boolean> onLoop = Collections.synchronizedList(new ArrayList<>());
            ToPeer described =
                    new ToPeer(world.peer()
                            .withOptions(PeerOptions.builder()
                                    .maxConnectionsPerPeer(1)
                                    .build())) {
                        @Override
                        public RetryDecision failToConnect(
                                Session session, UpstreamAttempt attempt, ProxyException error, Object state) {
                            onLoop.add(transport.loop.inEventLoop());
                            return super.failToConnect(session, attempt, error, state);
                        }
                    };
            world.start(HttpProxy.of(described), settings -> settings.plugIn(transport));
            Wire client = world.connect();
            client.send(GET);
            assertThat(client.head()).startsWith("HTTP/1.1 502 ");
            assertThat(onLoop).isNotEmpty().containsOnly(true);
            assertThat(world.server().stats().upstreamActive()).isZero();

            transport.failing = false; // with the only permit
            Wire next = world.connect();
            next.send(GET);
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 204 No Content\r\n\r\n");
            assertThat(next.head()).startsWith("HTTP/1.1 204 ");
        }
    }
}
