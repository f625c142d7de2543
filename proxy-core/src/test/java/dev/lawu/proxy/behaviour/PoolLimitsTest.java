package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.spi.BindRequest;
import dev.lawu.proxy.spi.Transport;
import dev.lawu.proxy.testing.SimulatedConnection;
import dev.lawu.proxy.testing.SimulatedOrigin;
import dev.lawu.proxy.testing.SimulatedProxy;
import dev.lawu.proxy.testing.Simulation;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerOptions;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How many connections there may be, over all event loops, and who gets one when there are as many. */
class PoolLimitsTest {
    private static final String EMPTY = "HTTP/1.1 204 No Content\r\n\r\n";

    private static HttpPeer peer(UnaryOperator<PeerOptions.Builder> options) {
        return HttpPeer.of("10.0.0.9", 9000)
                .withOptions(options.apply(PeerOptions.builder()).build());
    }

    private static SimulatedConnection client(Simulation simulation, SimulatedProxy proxy) {
        SimulatedConnection client = simulation.connect(proxy.address());
        simulation.run(); // so the loops take turns
        return client;
    }

    private static List<SimulatedConnection> clients(Simulation simulation, SimulatedProxy proxy, int count) {
        List<SimulatedConnection> clients = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            clients.add(client(simulation, proxy));
        }
        return clients;
    }

    private static void get(SimulatedConnection client, String target) {
        client.send("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
    }

    /** The targets of all requests that the origin got, in order. */
    private static List<String> targets(SimulatedOrigin origin) {
        return origin.requests().stream()
                .map(request -> request.split(" ", 3)[1])
                .toList();
    }

    private static int count(SimulatedConnection client) {
        return client.received().split("HTTP/1.1 204", -1).length - 1;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void whoComesFirstIsServedFirst(int loops) {
        try (Simulation simulation = Simulation.create()) {
            SimulatedOrigin origin = simulation.listen("10.0.0.9", 9000).answer(request -> null);
            SimulatedProxy proxy = simulation.start(
                    Probe.to(peer(options -> options.maxConnectionsPerPeer(1))),
                    settings -> settings.eventLoops(loops));
            List<SimulatedConnection> clients = clients(simulation, proxy, 7);
            for (int i = 0; i < 7; i++) {
                get(clients.get(i), "/" + i);
                simulation.run();
            }
            assertThat(proxy.stats().upstreamWaiting()).isEqualTo(6);
            for (int i = 0; i < 7; i++) {
                assertThat(targets(origin)).hasSize(i + 1).last().isEqualTo("/" + i);
                origin.connection().send(EMPTY);
                simulation.run();
                assertThat(count(clients.get(i))).isEqualTo(1);
            }
            simulation.assertQuiet();
            assertThat(origin.connections()).hasSize(1);
            assertThat(proxy.stats().upstreamConnects()).isEqualTo(1);
        }
    }

    /** The connection ends with its response: then its place is what those who wait get. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void aPlaceThatBecomesFreeGoesToTheFirst(int loops) {
        try (Simulation simulation = Simulation.create()) {
            SimulatedOrigin origin = simulation.listen("10.0.0.9", 9000).answer(request -> null);
            SimulatedProxy proxy = simulation.start(
                    Probe.to(peer(options -> options.maxConnectionsPerPeer(1).reuse(false))),
                    settings -> settings.eventLoops(loops));
            List<SimulatedConnection> clients = clients(simulation, proxy, 5);
            for (int i = 0; i < 5; i++) {
                get(clients.get(i), "/" + i);
                simulation.run();
            }
            for (int i = 0; i < 5; i++) {
                assertThat(targets(origin)).hasSize(i + 1).last().isEqualTo("/" + i);
                origin.connections().get(i).send(EMPTY);
                simulation.run();
                assertThat(count(clients.get(i))).isEqualTo(1);
            }
            simulation.assertQuiet();
            assertThat(origin.connections()).hasSize(5);
            assertThat(proxy.stats().upstreamIdle()).isZero();
        }
    }

    /** A transport that cannot move connections: another loop's idle one makes room for a new one. */
    @Test
    void whereConnectionsStayAPlaceIsPassedOn() {
        try (Simulation simulation = Simulation.create()) {
            SimulatedOrigin origin = simulation.listen("10.0.0.9", 9000).answer(request -> EMPTY);
            ProxyServer server = ProxyServer.builder(Probe.to(peer(options -> options.maxConnectionsPerPeer(1))))
                    .listen(new InetSocketAddress("10.0.0.1", 8080))
                    .eventLoops(2)
                    .plugIn(new Immovable(simulation.newTransport()))
                    .plugIn(simulation.timeSource())
                    .plugIn(simulation.randomSource())
                    .resolver(simulation.resolver())
                    .start();
            List<SimulatedConnection> clients = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                clients.add(simulation.connect(server.address()));
                simulation.run();
            }
            for (int i = 0; i < 6; i++) {
                get(clients.get(i % 2), "/" + i);
                simulation.run();
            }
            assertThat(count(clients.get(0))).isEqualTo(3);
            assertThat(count(clients.get(1))).isEqualTo(3);
            assertThat(origin.connections()).hasSize(6);
            assertThat(server.stats().upstreamTakeovers()).isZero();
            assertThat(server.stats().upstreamClosed()).containsOnly(java.util.Map.entry("evicted", 5L));
            server.shutdown();
            simulation.advance(Duration.ofMinutes(1));
        }
    }

    private record Immovable(Transport movable) implements Transport {
        @Override
        public EventLoopGroup eventLoops(int count) {
            return movable.eventLoops(count);
        }

        @Override
        public ChannelFuture bind(BindRequest request) {
            return movable.bind(request);
        }

        @Override
        public ChannelFuture connect(
                EventLoop loop, SocketAddress remote, PeerOptions options, Consumer<Channel> created) {
            return movable.connect(loop, remote, options, created);
        }
    }

    @Test
    void theCapHoldsOverAllLoopsAndNobodyIsForgotten() {
        Simulation.explore(300, simulation -> {
            simulation.network().latency(Duration.ZERO, Duration.ofMillis(2));
            SplittableRandom random = new SplittableRandom(simulation.toString().hashCode());
            int most = 1 + random.nextInt(3);
            boolean closes = random.nextBoolean();
            simulation
                    .listen("10.0.0.9", 9000)
                    .answer(request -> closes && random.nextInt(3) == 0
                            ? EMPTY.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")
                            : EMPTY);
            int[] peak = {0};
            SimulatedProxy proxy = simulation.start(
                    Probe.to(peer(options -> options.maxConnectionsPerPeer(most)
                            .maxIdlePerLoop(random.nextInt(3))
                            .waitTimeout(Duration.ofSeconds(60)))),
                    settings -> settings.eventLoops(1 + random.nextInt(3)));
            List<SimulatedConnection> clients = clients(simulation, proxy, 6);
            for (int round = 1; round <= 4; round++) {
                clients.forEach(client -> get(client, "/"));
                int answers = round;
                simulation.runUntil(
                        () -> {
                            peak[0] = Math.max(
                                    peak[0],
                                    proxy.stats().upstreamActive()
                                            + proxy.stats().upstreamIdle());
                            return clients.stream().allMatch(client -> count(client) == answers);
                        },
                        Duration.ofSeconds(30));
            }
            assertThat(peak[0]).isBetween(1, most);
            simulation.advance(Duration.ofSeconds(2));
            simulation.assertQuiet();
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void whoLeavesIsNotWaitedFor(int loops) {
        try (Simulation simulation = Simulation.create()) {
            SimulatedOrigin origin = simulation.listen("10.0.0.9", 9000).answer(request -> null);
            SimulatedProxy proxy = simulation.start(
                    Probe.to(peer(options -> options.maxConnectionsPerPeer(1))),
                    settings -> settings.eventLoops(loops));
            List<SimulatedConnection> clients = clients(simulation, proxy, 40);
            for (SimulatedConnection client : clients) {
                get(client, "/" + clients.indexOf(client));
                simulation.run();
            }
            for (int i = 1; i < 39; i++) {
                clients.get(i).close();
            }
            simulation.run();
            assertThat(proxy.stats().upstreamWaiting()).isEqualTo(1);
            origin.connection().send(EMPTY);
            simulation.run();
            assertThat(targets(origin)).containsExactly("/0", "/39");
            origin.connection().send(EMPTY);
            simulation.run();
            assertThat(count(clients.get(39))).isEqualTo(1);
            simulation.assertQuiet();
        }
    }

    @Test
    void whoLeavesAtAnyMomentLeavesNothingBehind() {
        Simulation.explore(300, simulation -> {
            simulation.network().latency(Duration.ZERO, Duration.ofMillis(2));
            SplittableRandom random = new SplittableRandom(simulation.toString().hashCode());
            simulation
                    .listen("10.0.0.9", 9000)
                    .answer(request -> random.nextInt(5) == 0
                            ? EMPTY.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")
                            : EMPTY);
            SimulatedProxy proxy = simulation.start(
                    Probe.to(peer(options -> options.maxConnectionsPerPeer(1 + random.nextInt(2)))),
                    settings -> settings.eventLoops(1 + random.nextInt(3)));
            for (int i = 0; i < 30; i++) {
                SimulatedConnection client = simulation.connect(proxy.address());
                get(client, "/" + i);
                int[] steps = {random.nextInt(12)};
                simulation.runUntil(() -> steps[0]-- <= 0, Duration.ofSeconds(1));
                if (random.nextInt(3) > 0) {
                    client.close();
                }
            }
            simulation.advance(Duration.ofSeconds(1));
            simulation.assertQuiet();
            SimulatedConnection last = simulation.connect(proxy.address());
            get(last, "/last");
            simulation.runUntil(() -> count(last) == 1, Duration.ofSeconds(1));
        });
    }

    @Test
    void whoWaitsTooLongIsToldSo() {
        try (Simulation simulation = Simulation.create()) {
            SimulatedOrigin origin = simulation.listen("10.0.0.9", 9000).answer(request -> null);
            Probe probe =
                    new Probe(peer(options -> options.maxConnectionsPerPeer(1).maxWaiting(1)));
            SimulatedProxy proxy = simulation.start(probe.proxy(), settings -> settings.eventLoops(2));
            List<SimulatedConnection> clients = clients(simulation, proxy, 3);
            for (int i = 0; i < 3; i++) {
                get(clients.get(i), "/" + i);
                simulation.run();
            }
            assertThat(clients.get(2).received()).startsWith("HTTP/1.1 503 ");
            assertThat(clients.get(1).received()).isEmpty();
            simulation.advance(Duration.ofMillis(4999));
            assertThat(clients.get(1).received()).isEmpty();
            simulation.advance(Duration.ofMillis(1));
            assertThat(clients.get(1).received()).startsWith("HTTP/1.1 503 ");
            assertThat(probe.logged()).containsExactly("/2 UPSTREAM OVERLOAD", "/1 UPSTREAM POOL_TIMEOUT");
            assertThat(proxy.stats().upstreamWaitTimeouts()).isEqualTo(1);
            assertThat(proxy.stats().upstreamWaiting()).isZero();
            origin.connection().send(EMPTY);
            simulation.run();
            simulation.assertQuiet();
        }
    }

    /** An idle connection of another group would hold a place for nobody: it makes room in the whole, the oldest first. */
    @Test
    void onlySoManyAreIdleInAll() {
        try (Simulation simulation = Simulation.create()) {
            SimulatedOrigin origin = simulation.listen("10.0.0.9", 9000).answer(request -> EMPTY);
            Probe probe = new Probe(
                    session -> HttpPeer.of("10.0.0.9", 9000)
                            .withGroup(session.request().target()),
                    session -> dev.lawu.proxy.FilterResult.proceed());
            SimulatedProxy proxy = simulation.start(probe.with(options -> options.maxIdleUpstreamConnections(3)));
            SimulatedConnection client = client(simulation, proxy);
            for (int i = 0; i < 5; i++) {
                get(client, "/" + i);
                simulation.run();
            }
            assertThat(count(client)).isEqualTo(5);
            assertThat(proxy.stats().upstreamIdle()).isEqualTo(3);
            assertThat(proxy.stats().upstreamClosed()).containsOnly(java.util.Map.entry("surplus", 2L));
            assertThat(origin.connections())
                    .extracting(SimulatedConnection::isClosedByPeer)
                    .containsExactly(true, true, false, false, false);
        }
    }

    @Test
    void connectionsThatWereMadeTogetherDoNotEndTogether() {
        try (Simulation simulation = Simulation.seeded(7)) {
            SimulatedOrigin origin = simulation.listen("10.0.0.9", 9000).answer(request -> null);
            SimulatedProxy proxy = simulation.start(Probe.to(
                    peer(options -> options.maxAge(Duration.ofSeconds(1000)).idleTimeout(Duration.ofHours(1)))));
            List<SimulatedConnection> clients = clients(simulation, proxy, 8);
            clients.forEach(client -> get(client, "/"));
            simulation.run();
            origin.connections().forEach(connection -> connection.send(EMPTY));
            simulation.run();
            assertThat(proxy.stats().upstreamIdle()).isEqualTo(8);
            simulation.advance(Duration.ofSeconds(900));
            assertThat(proxy.stats().upstreamIdle()).isEqualTo(8);
            simulation.advance(Duration.ofSeconds(50));
            assertThat(proxy.stats().upstreamIdle()).isBetween(1, 7);
            simulation.advance(Duration.ofSeconds(50));
            assertThat(proxy.stats().upstreamIdle()).isZero();
            assertThat(proxy.stats().upstreamClosed()).containsOnly(java.util.Map.entry("max-age", 8L));
        }
    }

    // ---- warm connections

    @Test
    void connectionsAreKeptReady() {
        try (Simulation simulation = Simulation.create()) {
            SimulatedOrigin origin = simulation.listen("10.0.0.9", 9000).answer(request -> EMPTY);
            SimulatedProxy proxy = simulation.start(Probe.to(peer(options -> options.warmConnections(3))));
            SimulatedConnection client = client(simulation, proxy);
            assertThat(origin.connections()).isEmpty();
            get(client, "/");
            simulation.run();
            assertThat(proxy.stats().upstreamIdle()).isEqualTo(3);
            for (int minutes = 0; minutes < 10; minutes++) {
                simulation.advance(Duration.ofMinutes(1));
                assertThat(proxy.stats().upstreamIdle()).isEqualTo(3);
            }
            simulation.advance(Duration.ofHours(2)); // nobody needs them
            assertThat(proxy.stats().upstreamIdle()).isZero();
            get(client(simulation, proxy), "/");
            simulation.run();
            assertThat(proxy.stats().upstreamIdle()).isEqualTo(3);
        }
    }

    @Test
    void anOriginThatIsDownIsTriedLessAndLessOften() {
        try (Simulation simulation = Simulation.seeded(1)) {
            SimulatedOrigin origin = simulation.listen("10.0.0.9", 9000).answer(request -> EMPTY);
            SimulatedProxy proxy = simulation.start(Probe.to(peer(options -> options.warmConnections(2))));
            get(client(simulation, proxy), "/");
            simulation.advance(Duration.ofMillis(1));
            assertThat(proxy.stats().upstreamIdle()).isEqualTo(2);
            origin.refuse();
            origin.connections().forEach(SimulatedConnection::close);
            simulation.advance(Duration.ofMinutes(10));
            assertThat(proxy.stats().upstreamIdle()).isZero();
            long refused = simulation.trace().stream()
                    .filter(line -> line.endsWith("refused"))
                    .count();
            assertThat(refused).isBetween(10L, 40L);
            simulation.assertQuiet();
            origin.accept();
            simulation.advance(Duration.ofMinutes(1));
            assertThat(proxy.stats().upstreamIdle()).isEqualTo(2);
        }
    }

    /** It would be connected to without a pause. */
    @Test
    void anOriginThatWantsNoIdleConnectionsIsLeftAlone() {
        try (Simulation simulation = Simulation.create()) {
            SimulatedOrigin origin = simulation.listen("10.0.0.9", 9000).answer(request -> EMPTY);
            SimulatedProxy proxy = simulation.start(Probe.to(peer(options -> options.warmConnections(2))));
            get(client(simulation, proxy), "/");
            simulation.run();
            origin.onConnection(SimulatedConnection::close);
            origin.connections().forEach(SimulatedConnection::close);
            simulation.advance(Duration.ofMinutes(5));
            assertThat(origin.connections().size()).isBetween(6, 40);
            simulation.assertQuiet();
        }
    }

    @Test
    void warmConnectionsTakeNobodysPlace() {
        try (Simulation simulation = Simulation.create()) {
            SimulatedOrigin origin = simulation.listen("10.0.0.9", 9000).answer(request -> EMPTY);
            SimulatedProxy proxy = simulation.start(
                    Probe.to(peer(options -> options.warmConnections(4).maxConnectionsPerPeer(3))),
                    settings -> settings.eventLoops(2));
            List<SimulatedConnection> clients = clients(simulation, proxy, 2);
            for (int i = 0; i < 6; i++) {
                get(clients.get(i % 2), "/");
                simulation.advance(Duration.ofMillis(10));
            }
            assertThat(count(clients.get(0)) + count(clients.get(1))).isEqualTo(6);
            simulation.advance(Duration.ofMinutes(3));
            assertThat(origin.connections().stream()
                            .filter(c -> c.isOpen() && !c.isClosedByPeer())
                            .count())
                    .isLessThanOrEqualTo(3);
            simulation.assertQuiet();
        }
    }
}
