package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.testing.SimulatedConnection;
import dev.lawu.proxy.testing.SimulatedOrigin;
import dev.lawu.proxy.testing.SimulatedProxy;
import dev.lawu.proxy.testing.Simulation;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Idle connections go from one event loop to another. Clients are spread over the loops in turn. */
class TakeoverTest {
    private static final HttpPeer PEER = HttpPeer.of("10.0.0.9", 9000);

    private static SimulatedOrigin echo(Simulation simulation) {
        return simulation.listen("10.0.0.9", 9000).answer(TakeoverTest::target);
    }

    /** Answers each request with its target, so that a wrong response shows. */
    private static String target(String request) {
        String target = request.split(" ", 3)[1];
        return SimulatedOrigin.response(200, target);
    }

    private static SimulatedProxy start(Simulation simulation, HttpPeer peer, int loops) {
        return simulation.start(Probe.to(peer), settings -> settings.eventLoops(loops));
    }

    private static void get(SimulatedConnection client, String target) {
        client.send("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
    }

    private static void answered(Simulation simulation, SimulatedConnection client, String target) {
        simulation.runUntil(() -> client.received().endsWith("\r\n\r\n" + target), Duration.ofSeconds(5));
        assertThat(client.takeReceived()).startsWith("HTTP/1.1 200 ");
    }

    private static List<SimulatedConnection> clients(Simulation simulation, SimulatedProxy proxy, int count) {
        List<SimulatedConnection> clients = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            clients.add(simulation.connect(proxy.address()));
            simulation.run(); // so the loops take turns
        }
        return clients;
    }

    @Test
    void aConnectionGoesWhereItIsNeeded() {
        try (Simulation simulation = Simulation.create()) {
            SimulatedOrigin origin = echo(simulation);
            SimulatedProxy proxy = start(simulation, PEER, 4);
            List<SimulatedConnection> clients = clients(simulation, proxy, 4);
            for (int i = 0; i < 20; i++) {
                get(clients.get(i % 4), "/" + i);
                answered(simulation, clients.get(i % 4), "/" + i);
            }
            simulation.assertQuiet();
            assertThat(origin.connections()).hasSize(1);
            assertThat(proxy.stats().upstreamConnects()).isEqualTo(1);
            assertThat(proxy.stats().upstreamTakeovers()).isEqualTo(19);
            assertThat(proxy.stats().upstreamReuses()).isEqualTo(19);
            assertThat(simulation.elapsed()).isLessThan(Duration.ofMillis(1)); // nothing had to be waited for
        }
    }

    @Test
    void aLoopsOwnConnectionsComeFirst() {
        try (Simulation simulation = Simulation.create()) {
            SimulatedOrigin origin = echo(simulation);
            SimulatedProxy proxy = start(simulation, PEER, 2);
            List<SimulatedConnection> clients = clients(simulation, proxy, 2);
            clients.forEach(client -> get(client, "/first"));
            clients.forEach(client -> answered(simulation, client, "/first"));
            simulation.run();
            for (int i = 0; i < 10; i++) {
                get(clients.get(i % 2), "/" + i);
                answered(simulation, clients.get(i % 2), "/" + i);
            }
            assertThat(origin.connections()).hasSize(2);
            assertThat(proxy.stats().upstreamTakeovers()).isZero();
            assertThat(proxy.stats().upstreamReuses()).isEqualTo(10);
        }
    }

    @Test
    void whatEndsTheConnectionOnItsWayHurtsNobody() {
        Simulation.explore(400, simulation -> {
            simulation.network().latency(Duration.ZERO, Duration.ofMillis(1));
            SimulatedOrigin origin = echo(simulation);
            SimulatedProxy proxy = start(simulation, PEER, 3);
            SplittableRandom random = new SplittableRandom(simulation.toString().hashCode());
            List<SimulatedConnection> clients = clients(simulation, proxy, 3);
            for (int i = 0; i < 12; i++) {
                SimulatedConnection client = clients.get(i % 3);
                get(client, "/" + i);
                switch (random.nextInt(5)) {
                    case 0 -> origin.connections().forEach(SimulatedConnection::close);
                    case 1 -> origin.connections().forEach(SimulatedConnection::reset);
                    case 2 -> simulation.runUntil(() -> proxy.stats().upstreamActive() > 0, Duration.ofSeconds(1));
                    default -> {}
                }
                String target = "/" + i;
                simulation.runUntil(
                        () -> client.received().contains("HTTP/1.1")
                                && !client.received().endsWith("\r\n"),
                        Duration.ofSeconds(5));
                // A retry may meet the second end; what it may not meet is somebody else's response.
                assertThat(client.takeReceived()).matches("(?s)HTTP/1.1 (200 .*\r\n\r\n" + target + "|502 .*)");
            }
            simulation.assertQuiet();
        });
    }

    @Test
    void strayBytesOnTheWayAreNobodysResponse() {
        Simulation.explore(200, simulation -> {
            SimulatedOrigin origin = echo(simulation);
            SimulatedProxy proxy = start(simulation, PEER, 2);
            List<SimulatedConnection> clients = clients(simulation, proxy, 2);
            for (int i = 0; i < 6; i++) {
                SimulatedConnection client = clients.get(i % 2);
                get(client, "/" + i);
                origin.connections().stream()
                        .filter(SimulatedConnection::isOpen)
                        .forEach(connection -> connection.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n/stray"));
                simulation.runUntil(() -> client.received().contains("\r\n\r\n/"), Duration.ofSeconds(5));
                simulation.run();
                // If the request was on its way before they came, nobody could tell them from its response. But never
                // the next one's.
                assertThat(client.takeReceived()).startsWith("HTTP/1.1 200 ").containsPattern("/(stray|" + i + ")$");
                get(clients.get(1 - i % 2), "/then" + i);
                answered(simulation, clients.get(1 - i % 2), "/then" + i);
                simulation.run();
            }
            simulation.assertQuiet();
        });
    }

    @Test
    void oneIdleConnectionThatManyWantIsGivenOnce() {
        Simulation.explore(200, simulation -> {
            simulation.network().latency(Duration.ZERO, Duration.ofMillis(1));
            SimulatedOrigin origin = echo(simulation);
            SimulatedProxy proxy = start(simulation, PEER, 4);
            List<SimulatedConnection> clients = clients(simulation, proxy, 8);
            for (int round = 0; round < 3; round++) {
                get(clients.get(0), "/alone");
                answered(simulation, clients.get(0), "/alone");
                simulation.run();
                for (int i = 0; i < clients.size(); i++) {
                    get(clients.get(i), "/" + round + i);
                }
                for (int i = 0; i < clients.size(); i++) {
                    answered(simulation, clients.get(i), "/" + round + i);
                }
            }
            simulation.assertQuiet();
            assertThat(proxy.stats().upstreamIdle())
                    .isEqualTo(origin.connections().size());
            assertThat(origin.connections().size()).isLessThanOrEqualTo(16);
        });
    }

    @Test
    void whatIsOnItsWayWhenTheServerEndsIsClosedAndCounted() {
        Simulation.explore(300, simulation -> {
            SimulatedOrigin origin = echo(simulation);
            SimulatedProxy proxy = start(simulation, PEER, 3);
            List<SimulatedConnection> clients = clients(simulation, proxy, 3);
            clients.forEach(client -> get(client, "/a"));
            clients.forEach(client -> answered(simulation, client, "/a"));
            clients.forEach(client -> get(client, "/b"));
            int steps = new SplittableRandom(simulation.toString().hashCode()).nextInt(40);
            int[] seen = {0};
            simulation.runUntil(
                    () -> seen[0]++ >= steps
                            || clients.stream()
                                    .allMatch(client -> client.received().endsWith("/b")),
                    Duration.ofSeconds(1));
            CompletableFuture<Void> ended = proxy.server().shutdown().toCompletableFuture();
            clients.forEach(SimulatedConnection::close);
            simulation.runUntil(ended::isDone, Duration.ofMinutes(1));
            simulation.run();
            assertThat(origin.connections())
                    .noneMatch(
                            connection -> connection.isOpen() && !connection.isClosedByPeer() && !connection.isReset());
            assertThat(proxy.stats().upstreamActive()).isZero();
            assertThat(proxy.stats().upstreamIdle()).isZero();
            long closed = proxy.stats().upstreamClosed().values().stream()
                    .mapToLong(Long::longValue)
                    .sum();
            assertThat(closed)
                    .as(proxy.stats().toString())
                    .isEqualTo(proxy.stats().upstreamConnects());
        });
    }

    @Test
    void aConnectionKeepsItsAgeAndItsUses() {
        try (Simulation simulation = Simulation.create()) {
            SimulatedOrigin origin = echo(simulation);
            SimulatedProxy proxy = simulation.start(
                    Probe.to(
                            PEER.withOptions(PeerOptions.builder()
                                    .maxRequestsPerConnection(4)
                                    .maxAge(Duration.ofSeconds(100))
                                    .build()),
                            options -> options.keepAliveTimeout(Duration.ofHours(1))),
                    settings -> settings.eventLoops(2));
            List<SimulatedConnection> clients = clients(simulation, proxy, 2);
            for (int i = 0; i < 8; i++) {
                get(clients.get(i % 2), "/" + i);
                answered(simulation, clients.get(i % 2), "/" + i);
                simulation.run();
            }
            assertThat(origin.connections()).hasSize(2);
            assertThat(proxy.stats().upstreamClosed()).containsOnly(java.util.Map.entry("max-requests", 2L));
            for (int i = 0; i < 3; i++) {
                get(clients.get(i % 2), "/" + i);
                answered(simulation, clients.get(i % 2), "/" + i);
                simulation.advance(Duration.ofSeconds(50));
            }
            assertThat(origin.connections()).hasSize(4);
            assertThat(proxy.stats().upstreamIdle()).isEqualTo(1);
            assertThat(proxy.stats().upstreamClosed()).containsEntry("max-age", 1L);
        }
    }

    @Test
    void peersThatDifferDoNotTakeOverFromEachOther() {
        try (Simulation simulation = Simulation.create()) {
            SimulatedOrigin origin = echo(simulation);
            Probe probe = new Probe(
                    session -> session.request().target().equals("/other") ? PEER.withGroup("other") : PEER,
                    session -> dev.lawu.proxy.FilterResult.proceed());
            SimulatedProxy proxy = simulation.start(probe.proxy(), settings -> settings.eventLoops(2));
            List<SimulatedConnection> clients = clients(simulation, proxy, 2);
            get(clients.get(0), "/one");
            answered(simulation, clients.get(0), "/one");
            get(clients.get(1), "/other");
            answered(simulation, clients.get(1), "/other");
            assertThat(origin.connections()).hasSize(2);
            assertThat(proxy.stats().upstreamTakeovers()).isZero();
        }
    }
}
