package dev.lawu.proxy.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.ServerStats;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** How a server is closed and judged, with one that only pretends. */
class SimulatedProxyTest {
    private final Scheduler scheduler = new Scheduler("test", null);
    private final SimulatedTransport transport = new SimulatedTransport(
            scheduler,
            new SimulatedNetwork(scheduler, new java.util.SplittableRandom(1)),
            SimulatedNetwork.address("10.0.0.1"),
            0);
    private final Pretender server = new Pretender(transport.eventLoops(1));
    private final SimulatedProxy proxy = new SimulatedProxy(scheduler, server, transport);

    @Test
    void closeRunsTheDrain() {
        proxy.close();
        proxy.close();

        assertThat(server.closes).isEqualTo(1);
        assertThat(server.loops.isTerminated()).isTrue();
        assertThat(scheduler.nanoTime() - Scheduler.ORIGIN).isEqualTo(TimeUnit.SECONDS.toNanos(30));
    }

    @Test
    void aServerThatDoesNotEndIsNamed() {
        server.drains = false;

        assertThatThrownBy(proxy::close)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("not shut down after PT25H")
                .hasMessageContaining("Busy: nobody");
    }

    @Test
    void unrestIsWhatTheGaugesSay() {
        assertThat(proxy.unrest()).isEmpty();
        server.stats = new Stats(3, 2, 1, 4, 5);

        assertThat(proxy.unrest())
                .containsExactly(
                        "exchanges: 2 (expected: 0)",
                        "upstreamActive: 1 (expected: 0)",
                        "upstreamWaiting: 5 (expected: 0)",
                        "connections: 3 (expected: 0)",
                        "upstreamIdle: 4 (expected: 0)");
    }

    private record Stats(int connections, int exchanges, int upstreamActive, int upstreamIdle, int upstreamWaiting)
            implements ServerStats {
        @Override
        public int blockingRunning() {
            return 0;
        }

        @Override
        public long requests() {
            return 0;
        }

        @Override
        public long upstreamConnects() {
            return 0;
        }

        @Override
        public long upstreamReuses() {
            return 0;
        }

        @Override
        public long upstreamTakeovers() {
            return 0;
        }

        @Override
        public long upstreamWaitTimeouts() {
            return 0;
        }

        @Override
        public Map<String, Long> upstreamClosed() {
            return Map.of();
        }

        @Override
        public Map<String, Long> refused() {
            return Map.of();
        }

        @Override
        public long watchdogReports() {
            return 0;
        }

        @Override
        public Map<String, Long> errors() {
            return Map.of();
        }

        @Override
        public long retries() {
            return 0;
        }

        @Override
        public long retriesRefused() {
            return 0;
        }

        @Override
        public long replayFileBytes() {
            return 0;
        }

        @Override
        public long acceptFailures() {
            return 0;
        }
    }

    private static final class Pretender implements ProxyServer {
        final EventLoopGroup loops;
        final CompletableFuture<Void> done = new CompletableFuture<>();
        ServerStats stats = new Stats(0, 0, 0, 0, 0);
        boolean drains = true;
        int closes;

        Pretender(EventLoopGroup loops) {
            this.loops = loops;
        }

        @Override
        public List<SocketAddress> addresses() {
            return List.of();
        }

        @Override
        public SocketAddress address(String listener) {
            throw new IllegalArgumentException(listener);
        }

        @Override
        public ServerStats stats() {
            return stats;
        }

        @Override
        public Duration eventLoopLag() {
            return Duration.ZERO;
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public CompletionStage<Void> shutdown() {
            if (drains) {
                EventLoop loop = loops.next();
                loop.schedule(
                        () -> {
                            loops.shutdownGracefully();
                            done.complete(null);
                        },
                        30,
                        TimeUnit.SECONDS);
            }
            return done;
        }

        @Override
        public void close() {
            closes++;
        }
    }
}
