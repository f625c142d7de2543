package dev.lawu.proxy.internal.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.internal.loop.LoopContext;
import dev.lawu.proxy.internal.loop.LoopCounters;
import dev.lawu.proxy.internal.loop.SmallBuffers;
import dev.lawu.proxy.internal.transport.SocketTransport;
import dev.lawu.proxy.spi.ClientStream;
import dev.lawu.proxy.spi.TimeSource;
import dev.lawu.proxy.upstream.ConnectProxy;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.NameResolver;
import dev.lawu.proxy.upstream.PeerOptions;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What of a pool cannot be seen from outside. */
class PoolInternalsTest {
    private static UpstreamPool pool(UpstreamPools pools, EventLoop loop, TimeSource time) {
        LoopContext context = new LoopContext(loop, time, new SplittableRandom(1));
        return new UpstreamPool(pools, context, NameResolver.of(Map.of()), new LoopCounters());
    }

    /** Netty asks for what a channel reads into once, when it first reads: here, before there is HTTP on it. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aTunnelReadsIntoItsLoopsBuffers(boolean epoll) throws Exception {
        SocketTransport transport = epoll ? new SocketTransport() : new SocketTransport(false);
        EventLoopGroup loops = transport.eventLoops(1);
        EventLoop loop = loops.next();
        UpstreamPool pool = pool(new UpstreamPools(transport, 1, ProxyOptions.DEFAULTS), loop, TimeSource.SYSTEM);
        try (ServerSocket proxy = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            HttpPeer peer = HttpPeer.of("app.test", 9000)
                    .withOptions(PeerOptions.builder()
                            .proxy(ConnectProxy.of("127.0.0.1", proxy.getLocalPort()))
                            .build());
            Asking asking = new Asking();
            loop.execute(() -> pool.open(peer, asking));
            try (Socket accepted = proxy.accept()) {
                accepted.getOutputStream().write("HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                ClientStream stream = asking.opened.get(10, TimeUnit.SECONDS);
                PooledConnection[] made = new PooledConnection[1];
                loop.submit(() -> {
                            stream.listen(new MoveTest.Deaf());
                            stream.release();
                        })
                        .get(10, TimeUnit.SECONDS);
                loop.submit(() -> made[0] = pool.idleOrder.oldest()).get(10, TimeUnit.SECONDS);
                ByteBuf small = loop.submit(() -> made[0].channel()
                                .unsafe()
                                .recvBufAllocHandle()
                                .allocate(PooledByteBufAllocator.DEFAULT))
                        .get(10, TimeUnit.SECONDS);
                assertThat(small.maxCapacity()).isEqualTo(SmallBuffers.CAPACITY);
                small.release();
            }
            loop.submit(pool::close).get(10, TimeUnit.SECONDS);
        } finally {
            loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).await();
        }
    }
}
