package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.testing.SimulatedConnection;
import dev.lawu.proxy.testing.SimulatedOrigin;
import dev.lawu.proxy.testing.SimulatedProxy;
import dev.lawu.proxy.testing.Simulation;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerOptions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How connections to upstreams are kept and found again. */
class PoolTest {
    private static final String GET = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
    private static final String EMPTY = "HTTP/1.1 204 No Content\r\n\r\n";

    private static void answer(Wire origin) {
        origin.head();
        origin.send(EMPTY);
    }

    private static void idle(World world, int count) {
        world.await(
                () -> world.server().stats().upstreamIdle() == count,
                () -> count + " idle; found " + world.server().stats());
    }

    @ParameterizedTest
    @EnumSource
    void theLastToBecomeIdleIsTheNextToBeUsed(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire one = world.connect();
            Wire two = world.connect();
            one.send(GET);
            Wire first = world.accept();
            two.send(GET);
            Wire second = world.accept();
            answer(second);
            two.head();
            idle(world, 1);
            answer(first);
            one.head();
            idle(world, 2);
            for (int i = 0; i < 3; i++) {
                two.send(GET);
                answer(first);
                two.head();
            }
            assertThat(second.text()).isEmpty();
            assertThat(world.server().stats().upstreamConnects()).isEqualTo(2);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aConnectionThatItsOriginEndedHurtsNobody(World.Kind kind) {
        try (World world = kind.create()) {
            Probe probe = new Probe(world.peer());
            world.start(probe.proxy());
            Wire client = world.connect();
            for (int i = 0; i < 3; i++) {
                client.send(GET.replace("GET", "POST"));
                Wire origin = world.accept();
                answer(origin);
                client.head();
                idle(world, 1);
                if (i == 0) {
                    origin.close();
                } else if (i == 1) {
                    origin.reset();
                } else {
                    origin.send("x");
                }
                idle(world, 0);
            }
            assertThat(probe.logged()).containsExactly("/x", "/x", "/x");
        }
    }

    @ParameterizedTest
    @EnumSource
    void anOriginThatSaysCloseIsNotReused(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send(GET);
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
            assertThat(client.head()).doesNotContain("close");
            assertThat(origin.rest()).isEmpty();
            world.awaitQuiet();
            assertThat(world.server().stats().upstreamIdle()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void anIdleConnectionIsClosedInTime(World.Kind kind) {
        try (World world = kind.create()) {
            Duration limit = world.isSimulated() ? Duration.ofSeconds(55) : Duration.ofMillis(250);
            world.start(Probe.to(world.peer()
                    .withOptions(PeerOptions.builder().idleTimeout(limit).build())));
            Wire client = world.connect();
            client.send(GET);
            Wire origin = world.accept();
            answer(origin);
            client.head();
            idle(world, 1);
            world.elapse(limit.minusMillis(world.isSimulated() ? 1 : 250));
            assertThat(origin.isEnded()).isFalse();
            world.elapse(limit);
            assertThat(origin.rest()).isEmpty();
            idle(world, 0);
        }
    }

    @ParameterizedTest
    @EnumSource
    void onlySoManyStayIdle(World.Kind kind) {
        for (int most = 0; most < 3; most++) {
            try (World world = kind.create()) {
                world.start(Probe.to(world.peer()
                        .withOptions(PeerOptions.builder().maxIdlePerLoop(most).build())));
                Wire[] clients = new Wire[4];
                Wire[] origins = new Wire[4];
                for (int i = 0; i < 4; i++) {
                    clients[i] = world.connect();
                    clients[i].send(GET);
                    origins[i] = world.accept();
                }
                for (int i = 0; i < 4; i++) {
                    answer(origins[i]);
                    clients[i].head();
                }
                world.awaitQuiet();
                idle(world, most);
                for (int i = 0; i < 4 - most; i++) {
                    assertThat(origins[i].rest()).isEmpty(); // the oldest go first
                }
            }
        }
    }

    /** Not a client more than the pool is to keep, but bursts of more. */
    @ParameterizedTest
    @EnumSource
    void whatABurstLeavesIsThereForTheNext(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()
                    .withOptions(PeerOptions.builder().maxIdlePerLoop(1).build())));
            Wire[] clients = new Wire[4];
            Wire[] origins = new Wire[4];
            for (int i = 0; i < 4; i++) {
                clients[i] = world.connect();
                clients[i].send(GET);
                origins[i] = world.accept();
            }
            for (int burst = 0; burst < 5; burst++) {
                for (Wire origin : origins) {
                    answer(origin);
                }
                for (Wire client : clients) {
                    client.head();
                }
                idle(world, 4);
                world.elapse(Duration.ofMillis(400));
                idle(world, 4);
                for (Wire client : clients) {
                    client.send(GET);
                }
            }
            for (Wire origin : origins) {
                answer(origin);
            }
            for (Wire client : clients) {
                client.head();
            }
            assertThat(world.accepted()).isEqualTo(4);
            idle(world, 1); // after a while
            assertThat(world.server().stats().upstreamConnects()).isEqualTo(4);
        }
    }

    @ParameterizedTest
    @EnumSource
    void onlySoManyConnectionsAreMade(World.Kind kind) {
        try (World world = kind.create()) {
            Probe probe = new Probe(world.peer()
                    .withOptions(PeerOptions.builder()
                            .maxConnectionsPerPeer(1)
                            .maxWaiting(0)
                            .build()));
            world.start(probe.proxy());
            Wire one = world.connect();
            one.send(GET);
            Wire origin = world.accept();
            Wire two = world.connect();
            two.send(GET);
            assertThat(two.head()).startsWith("HTTP/1.1 503 ");
            answer(origin);
            one.head();
            idle(world, 1);
            two.send(GET);
            two.until("503 Service Unavailable\n");
            answer(origin);
            assertThat(two.head()).startsWith("HTTP/1.1 204 ");
            assertThat(probe.logged()).containsExactly("/x UPSTREAM OVERLOAD", "/x", "/x");
        }
    }

    @ParameterizedTest
    @EnumSource
    void peersThatDifferInWhatAConnectionIsShareNothing(World.Kind kind) {
        try (World world = kind.create()) {
            HttpPeer plain = world.peer();
            List<HttpPeer> peers = List.of(
                    plain,
                    plain.withGroup("other"),
                    plain.withOptions(plain.options().toBuilder()
                            .maxRequestsPerConnection(9)
                            .build()),
                    plain.withOptions(
                            plain.options().toBuilder().maxIdlePerLoop(9).build()));
            Probe probe = new Probe(
                    session -> peers.get(session.request().target().charAt(1) - '0'),
                    session -> dev.lawu.proxy.FilterResult.proceed());
            world.start(probe.proxy());
            Wire client = world.connect();
            Wire[] origins = new Wire[peers.size()];
            for (int i = 0; i < origins.length; i++) {
                client.send("GET /" + i + " HTTP/1.1\r\nHost: a\r\n\r\n");
                origins[i] = world.accept();
                answer(origins[i]);
                client.head();
                idle(world, i + 1);
            }
            for (int i = 0; i < origins.length; i++) {
                client.send("GET /" + i + " HTTP/1.1\r\nHost: a\r\n\r\n");
                assertThat(origins[i].head()).startsWith("GET /" + i + " ");
                origins[i].send(EMPTY);
                client.head();
            }
            assertThat(world.accepted()).isEqualTo(peers.size());
        }
    }

    /** A route's own timeout does not cost it connections of its own, and holds for its requests alone. */
    @ParameterizedTest
    @EnumSource
    void peersThatDifferInAnAttemptsSettingsShareConnections(World.Kind kind) {
        try (World world = kind.create()) {
            Duration limit = Duration.ofMillis(250);
            HttpPeer patient = world.peer();
            HttpPeer hasty = patient.withOptions(
                    PeerOptions.builder().responseHeadTimeout(limit).build());
            Probe probe = new Probe(
                    session -> session.request().target().equals("/hasty") ? hasty : patient,
                    session -> dev.lawu.proxy.FilterResult.proceed());
            world.start(probe.proxy());
            Wire client = world.connect();
            client.send(GET);
            Wire origin = world.accept();
            answer(origin);
            client.head();
            idle(world, 1);
            client.send("POST /hasty HTTP/1.1\r\nHost: a\r\n\r\n");
            origin.head();
            assertThat(client.head()).startsWith("HTTP/1.1 504 ");
            client.send(GET);
            Wire second = world.accept();
            answer(second);
            client.head();
            idle(world, 1);
            client.send(GET.replace("/x", "/hasty"));
            answer(second);
            client.head();
            idle(world, 1);
            client.send(GET);
            second.head();
            world.elapse(limit.plusMillis(20));
            second.send(EMPTY);
            assertThat(client.head()).startsWith("HTTP/1.1 204 ");
            assertThat(world.accepted()).isEqualTo(2);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aPeersHostReplacesTheClientsButSharesItsConnections(World.Kind kind) {
        try (World world = kind.create()) {
            HttpPeer named = world.peer().withHost("origin.example:81");
            Probe probe = new Probe(
                    session -> session.request().target().equals("/named") ? named : world.peer(),
                    session -> dev.lawu.proxy.FilterResult.proceed());
            world.start(probe.proxy());
            Wire client = world.connect();
            client.send(GET);
            Wire origin = world.accept();
            assertThat(origin.head()).contains("\r\nHost: a\r\n");
            origin.send(EMPTY);
            client.head();
            idle(world, 1);
            client.send(GET.replace("/x", "/named"));
            assertThat(origin.head())
                    .contains("\r\nHost: origin.example:81\r\n")
                    .doesNotContain("\r\nHost: a\r\n");
            origin.send(EMPTY);
            client.head();
        }
    }

    /** A connection whose end is under way is taken: the request goes on another one. */
    @Test
    void aRequestThatMeetsTheEndOfItsConnectionIsRepeated() {
        Simulation.explore(50, simulation -> {
            simulation.network().latency(Duration.ZERO, Duration.ofMillis(2));
            SimulatedOrigin origin = simulation.listen("10.0.0.9", 9000).answer(request -> EMPTY);
            SimulatedProxy proxy = simulation.start(Probe.to(HttpPeer.of("10.0.0.9", 9000)
                    .withOptions(PeerOptions.builder().maxConnectionsPerPeer(2).build())));
            SimulatedConnection client = simulation.connect(proxy.address());
            for (int i = 1; i <= 10; i++) {
                client.send(GET);
                int answers = i;
                simulation.runUntil(
                        () -> client.received().split("HTTP/1.1 204", -1).length == answers + 1, Duration.ofSeconds(1));
                origin.connection().close(); // and the next request is sent at the same time
            }
            simulation.run();
            assertThat(client.received()).doesNotContain("502");
            simulation.advance(Duration.ofSeconds(1));
            simulation.assertQuiet();
        });
    }
}
