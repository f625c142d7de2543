package dev.lawu.proxy.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lawu.proxy.testing.NettyPeer.Echo;
import dev.lawu.proxy.testing.NettyPeer.Recorder;
import dev.lawu.proxy.upstream.ResolvedAddresses;
import io.netty.channel.EventLoop;
import java.net.InetAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class SimulationTest {
    @Test
    void clocksBeginAtAFixedMomentAndMoveWhenTold() {
        try (Simulation simulation = Simulation.create()) {
            long start = simulation.timeSource().nanoTime();
            assertThat(Instant.ofEpochMilli(simulation.timeSource().currentTimeMillis()))
                    .isEqualTo("2026-01-01T00:00:00Z");
            simulation.run();
            assertThat(simulation.elapsed()).isZero();
            simulation.advance(Duration.ofHours(1));
            assertThat(simulation.timeSource().nanoTime() - start).isEqualTo(3_600_000_000_000L);
            assertThat(Instant.ofEpochMilli(simulation.timeSource().currentTimeMillis()))
                    .isEqualTo("2026-01-01T01:00:00Z");
        }
    }

    @Test
    void timersRunInOrderAtTheirTime() {
        try (Simulation simulation = Simulation.create();
                NettyPeer netty = new NettyPeer(simulation, 1)) {
            EventLoop loop = netty.loops.next();
            List<String> ran = new ArrayList<>();
            loop.schedule(() -> ran.add("3s at " + simulation.elapsed()), 3, TimeUnit.SECONDS);
            loop.schedule(() -> ran.add("1s at " + simulation.elapsed()), 1, TimeUnit.SECONDS);
            Future<?> cancelled = loop.schedule(() -> ran.add("never"), 2, TimeUnit.SECONDS);
            Future<?> repeated = loop.scheduleAtFixedRate(() -> ran.add("tick"), 1500, 1000, TimeUnit.MILLISECONDS);
            simulation.advance(Duration.ofMillis(1200));
            cancelled.cancel(false);
            simulation.advance(Duration.ofMillis(1800));
            repeated.cancel(false);
            simulation.advance(Duration.ofHours(1));

            assertThat(ran).containsExactly("1s at PT1S", "tick", "tick", "3s at PT3S");
        }
    }

    @Test
    void inEventLoopOnlyWhileTheLoopRuns() {
        try (Simulation simulation = Simulation.create();
                NettyPeer netty = new NettyPeer(simulation, 2)) {
            EventLoop one = netty.loops.next();
            EventLoop two = netty.loops.next();
            List<Boolean> seen = new ArrayList<>();
            one.execute(() -> {
                seen.add(one.inEventLoop());
                seen.add(two.inEventLoop());
            });
            simulation.executor().execute(() -> seen.add(one.inEventLoop()));
            simulation.run();

            assertThat(seen).containsExactlyInAnyOrder(true, false, false);
            assertThat(one.inEventLoop()).isFalse();
        }
    }

    @Test
    void missingHopIsDetected() {
        try (Simulation simulation = Simulation.create();
                NettyPeer netty = new NettyPeer(simulation, 1)) {
            simulation.connect(netty.listen(Echo::new));
            simulation.run();

            assertThatThrownBy(() -> netty.accepted.get(0).unsafe().beginRead()).isInstanceOf(AssertionError.class);
        }
    }

    @Test
    void sameSeedSameTrace() {
        Set<List<String>> traces = new HashSet<>();
        for (long seed = 0; seed < 5; seed++) {
            List<String> trace = traceOf(seed);
            assertThat(traceOf(seed)).isEqualTo(trace);
            traces.add(trace);
        }
        assertThat(traces).hasSize(5);
    }

    private static List<String> traceOf(long seed) {
        try (Simulation simulation = Simulation.seeded(seed);
                NettyPeer netty = new NettyPeer(simulation, 2)) {
            simulation
                    .network()
                    .splitWrites(5)
                    .latency(Duration.ZERO, Duration.ofMillis(3))
                    .resets(0.1, 40);
            SocketAddress address = netty.listen(Echo::new);
            for (int i = 0; i < 5; i++) {
                simulation.connect(address).send("hello from client " + i).halfClose();
            }
            simulation.advance(Duration.ofSeconds(1));
            return simulation.trace();
        }
    }

    @Test
    void seedsExploreTheOrderOfLoops() {
        Set<List<Integer>> orders = new HashSet<>();
        for (long seed = 0; seed < 50; seed++) {
            List<Integer> order = new ArrayList<>();
            try (Simulation simulation = Simulation.seeded(seed);
                    NettyPeer netty = new NettyPeer(simulation, 3)) {
                for (int i = 0; i < 3; i++) {
                    int number = i;
                    netty.loops.next().execute(() -> order.add(number));
                }
                simulation.run();
            }
            orders.add(order);
        }
        assertThat(orders).hasSize(6);
    }

    @Test
    void exploreNamesTheSeed() {
        assertThatThrownBy(() -> Simulation.explore(10, simulation -> {
                    RandomGenerator random = simulation.randomSource().create();
                    assertThat(random.nextInt(4)).isNotZero();
                }))
                .isInstanceOf(AssertionError.class)
                .hasMessageMatching("(?s)failed with seed \\d+ \\(replay it with Simulation.seeded\\(\\d+\\)\\).*");
    }

    @Test
    void endlessWorkIsAnError() {
        try (Simulation simulation = Simulation.create().maxSteps(1000);
                NettyPeer netty = new NettyPeer(simulation, 1)) {
            EventLoop loop = netty.loops.next();
            boolean[] on = {true};
            Runnable endless = new Runnable() {
                @Override
                public void run() {
                    if (on[0]) {
                        loop.execute(this);
                    }
                }
            };
            loop.execute(endless);
            assertThatThrownBy(simulation::run)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("not quiet after 1000 steps")
                    .hasMessageContaining("event loop 0 (1 tasks");
            on[0] = false;
        }
    }

    @Test
    void whatTasksThrowFailsTheTest() {
        try (Simulation simulation = Simulation.create();
                NettyPeer netty = new NettyPeer(simulation, 1)) {
            netty.loops.next().execute(() -> {
                throw new IllegalArgumentException("task");
            });
            assertThatThrownBy(simulation::run).hasMessage("task");
            netty.loops
                    .next()
                    .schedule(
                            () -> {
                                throw new IllegalArgumentException("timer");
                            },
                            1,
                            TimeUnit.SECONDS);
            assertThatThrownBy(() -> simulation.advance(Duration.ofSeconds(1))).hasRootCauseMessage("timer");
        }
    }

    @Test
    void runUntilMovesTimeAsFarAsNeeded() {
        try (Simulation simulation = Simulation.create();
                NettyPeer netty = new NettyPeer(simulation, 1)) {
            Future<?> timer = netty.loops.next().schedule(() -> {}, 90, TimeUnit.SECONDS);
            assertThatThrownBy(() -> simulation.runUntil(timer::isDone, Duration.ofSeconds(30)))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("event loop 0 (0 tasks) in PT1M");
            simulation.runUntil(timer::isDone, Duration.ofHours(30));
            assertThat(simulation.elapsed()).isEqualTo(Duration.ofSeconds(90));
        }
    }

    @Test
    void runWithinAStepIsRefused() {
        try (Simulation simulation = Simulation.create()) {
            simulation.executor().execute(simulation::run);
            assertThatThrownBy(simulation::run)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("by a step of itself");
        }
    }

    @Test
    void namesResolveInALaterStep() {
        try (Simulation simulation = Simulation.create()) {
            simulation.name("origin", "10.0.0.9").name("origin", "10.0.0.10");
            CompletableFuture<ResolvedAddresses> known =
                    simulation.resolver().resolve("Origin").toCompletableFuture();
            CompletableFuture<ResolvedAddresses> unknown =
                    simulation.resolver().resolve("nobody").toCompletableFuture();
            assertThat(known.isDone()).isFalse();
            simulation.run();

            assertThat(known.join().addresses())
                    .extracting(InetAddress::getHostAddress)
                    .containsExactly("10.0.0.9", "10.0.0.10");
            assertThatThrownBy(unknown::join).hasCauseInstanceOf(UnknownHostException.class);
            assertThat(simulation
                            .resolver()
                            .resolve("::1")
                            .toCompletableFuture()
                            .join()
                            .addresses())
                    .hasSize(1);
        }
    }

    @Test
    void closeTellsWhatRemains() {
        Simulation simulation = Simulation.create();
        NettyPeer netty = new NettyPeer(simulation, 1);
        simulation.connect(netty.listen(Recorder::new));
        simulation.run();

        assertThatThrownBy(simulation::close)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("left after the end")
                .hasMessageContaining("open: [id: 0x")
                .hasMessageContaining("not shut down: event loop 0");
        netty.close();
    }

    @Test
    void terminatedLoopsRejectTasks() {
        try (Simulation simulation = Simulation.create()) {
            NettyPeer netty = new NettyPeer(simulation, 2);
            Future<?> timer = netty.loops.next().schedule(() -> {}, 1, TimeUnit.HOURS);
            netty.close();

            assertThat(netty.loops.isTerminated()).isTrue();
            assertThat(timer.isCancelled()).isTrue();
            assertThat(simulation.elapsed()).isZero();
            assertThatThrownBy(() -> netty.loops.next().execute(() -> {}))
                    .isInstanceOf(RejectedExecutionException.class);
        }
    }
}
