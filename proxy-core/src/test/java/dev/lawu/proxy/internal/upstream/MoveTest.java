package dev.lawu.proxy.internal.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.internal.loop.LoopContext;
import dev.lawu.proxy.internal.loop.LoopCounters;
import dev.lawu.proxy.internal.transport.SocketTransport;
import dev.lawu.proxy.spi.ClientStream;
import dev.lawu.proxy.spi.TimeSource;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.NameResolver;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A connection that is on its way to an event loop that ends. */
class MoveTest {
    private static final NameResolver NO_NAMES = NameResolver.of(Map.of());

    /** What one loop has. */
    private static final class Side {
        final EventLoopGroup group;
        final EventLoop loop;
        final LoopCounters counters = new LoopCounters();
        final UpstreamPool pool;

        Side(SocketTransport transport, UpstreamPools pools) {
            group = transport.eventLoops(1);
            loop = group.next();
            LoopContext context = new LoopContext(loop, TimeSource.SYSTEM, new SplittableRandom(1));
            pool = new UpstreamPool(pools, context, NO_NAMES, counters);
        }

        /** Opens a stream. */
        CompletableFuture<ClientStream> open(HttpPeer peer) {
            Asking asking = new Asking();
            loop.execute(() -> pool.open(peer, asking));
            return asking.opened;
        }

        void end() throws InterruptedException {
            if (!group.isShuttingDown()) {
                loop.execute(pool::close);
            }
            group.shutdownGracefully(0, 5, TimeUnit.SECONDS).await();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void isClosedAndCounted(boolean epoll) throws Exception {
        SocketTransport transport = epoll ? new SocketTransport() : new SocketTransport(false);
        UpstreamPools pools = new UpstreamPools(transport, 2, ProxyOptions.DEFAULTS);
        Side one = new Side(transport, pools);
        Side two = new Side(transport, pools);
        CountDownLatch held = new CountDownLatch(1);
        try (ServerSocket origin = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            HttpPeer peer = HttpPeer.of("127.0.0.1", origin.getLocalPort());
            ClientStream first = one.open(peer).get(10, TimeUnit.SECONDS);
            Socket accepted = origin.accept();
            one.loop
                    .submit(() -> {
                        first.listen(new Deaf());
                        first.release();
                    })
                    .get(10, TimeUnit.SECONDS);
            one.loop.submit(() -> {}).get(10, TimeUnit.SECONDS);
            assertThat(one.counters.upstreamIdle()).isEqualTo(1);

            one.loop.execute(() -> {
                try {
                    held.await(30, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
            two.open(peer).get(10, TimeUnit.SECONDS); // asked the first loop, and did not wait for it
            assertThat(two.counters.upstreamConnects()).isEqualTo(1);
            two.end();
            held.countDown();

            accepted.setSoTimeout(10_000);
            assertThat(accepted.getInputStream().read()).isEqualTo(-1);
            accepted.close();
            one.loop.submit(() -> {}).get(10, TimeUnit.SECONDS);
            assertThat(pools.moving()).isZero();
            assertThat(one.counters.upstreamIdle()).isZero();
            assertThat(one.counters.upstreamActive()).isZero();
            Map<String, Long> closed = new java.util.HashMap<>();
            one.counters.addClosedTo(closed);
            assertThat(closed).containsOnly(Map.entry("shutdown", 1L));

            ClientStream again = one.open(peer).get(10, TimeUnit.SECONDS); // the first loop goes on
            one.loop.submit(() -> again.reset(ProxyException.rejected(500, "the test is over")));
        } finally {
            held.countDown();
            one.end();
            two.end();
        }
    }

    static final class Deaf implements dev.lawu.proxy.spi.ClientListener {
        @Override
        public void onHead(dev.lawu.proxy.http.ResponseHead head, boolean last) {}

        @Override
        public void onData(io.netty.buffer.ByteBuf data, boolean last) {
            data.release();
        }

        @Override
        public void onTrailers(dev.lawu.proxy.http.Headers trailers) {}

        @Override
        public void onWritable() {}

        @Override
        public void onReset(ProxyException cause) {}
    }
}
