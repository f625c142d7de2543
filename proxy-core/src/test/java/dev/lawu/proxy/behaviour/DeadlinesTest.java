package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.testing.SimulatedConnection;
import dev.lawu.proxy.testing.SimulatedProxy;
import dev.lawu.proxy.testing.Simulation;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerOptions;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every wait ends. */
class DeadlinesTest {
    private static final String EXPECTING =
            "POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";

    /** A real limit where time is virtual, a short one where it is not. */
    private static Duration limit(World world) {
        return world.isSimulated() ? Duration.ofSeconds(15) : Duration.ofMillis(250);
    }

    private static HttpPeer peer(World world, PeerOptions options) {
        return world.peer().withOptions(options);
    }

    private static void justBefore(World world) {
        if (world.isSimulated()) {
            world.elapse(limit(world).minusMillis(1));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aHeadThatDoesNotEnd(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer(), options -> options.headReadTimeout(limit(world))));
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n");
            world.await(() -> world.server().stats().connections() == 1, () -> "the connection");
            justBefore(world);
            if (world.isSimulated()) {
                client.send("X: drip\r\n"); // is no more time
                assertThat(client.isEnded()).isFalse();
            }
            world.elapse(limit(world).dividedBy(world.isSimulated() ? 1000 : 1));
            assertThat(client.rest()).startsWith("HTTP/1.1 408 ").contains("Connection: close\r\n");
            assertThat(world.server().stats().refused()).containsEntry("head-timeout", 1L);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBodyThatStops(World.Kind kind) {
        try (World world = kind.create()) {
            Probe probe = new Probe(world.peer());
            world.start(probe.with(options -> options.bodyIdleTimeout(limit(world))));
            Wire client = world.connect();
            client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\none");
            Wire origin = world.accept();
            origin.until("one");
            justBefore(world);
            client.send("two"); // is new time
            origin.take(3);
            justBefore(world);
            assertThat(client.isEnded()).isFalse();
            world.elapse(limit(world));
            assertThat(client.rest()).startsWith("HTTP/1.1 408 ");
            origin.rest();
            world.awaitQuiet();
            assertThat(probe.logged()).containsExactly("/x DOWNSTREAM BODY_TIMEOUT");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBodyThatWaitsForAContinueHasTime(World.Kind kind) {
        try (World world = kind.create()) {
            Probe probe = new Probe(world.peer());
            world.start(probe.with(options -> options.bodyIdleTimeout(limit(world))));
            Wire client = world.connect();
            client.send(EXPECTING);
            Wire origin = world.accept();
            origin.head();
            world.elapse(limit(world).multipliedBy(2));
            assertThat(client.text()).isEmpty();
            origin.send("HTTP/1.1 100 Continue\r\n\r\n");
            client.head();
            justBefore(world);
            assertThat(client.isEnded()).isFalse();
            world.elapse(limit(world)); // it has been told to go on, and does not
            assertThat(client.rest()).startsWith("HTTP/1.1 408 ");
            origin.rest();
            world.awaitQuiet();
            assertThat(probe.logged()).containsExactly("/x DOWNSTREAM BODY_TIMEOUT");
        }
    }

    @ParameterizedTest
    @EnumSource
    void anExpectationThatTheOriginDoesNotAnswer(World.Kind kind) {
        try (World world = kind.create()) {
            Probe probe = new Probe(peer(
                    world,
                    PeerOptions.builder().responseHeadTimeout(limit(world)).build()));
            world.start(probe.proxy());
            Wire client = world.connect();
            client.send(EXPECTING);
            Wire origin = world.accept();
            origin.head();
            justBefore(world);
            assertThat(client.text()).isEmpty();
            world.elapse(limit(world));
            assertThat(client.head()).startsWith("HTTP/1.1 504 ");
            origin.rest();
            assertThat(probe.logged()).containsExactly("/x UPSTREAM RESPONSE_HEAD_TIMEOUT");
        }
    }

    @Test
    void anExpectationThatNobodyDecidesAbout() {
        try (World world = World.Kind.SIMULATED.create()) {
            world.start(HttpProxy.of(new ToPeer(world.peer()) {
                @Override
                public FilterResult upstreamRequestFilter(
                        Session session, UpstreamAttempt attempt, RequestHead head, Object state) {
                    head.headers().remove("Expect");
                    return FilterResult.proceed();
                }
            }));
            Wire client = world.connect();
            client.send(EXPECTING);
            Wire origin = world.accept();
            origin.head();
            world.elapse(Duration.ofSeconds(119));
            assertThat(client.text()).isEmpty();
            world.elapse(Duration.ofSeconds(2));
            assertThat(client.head()).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
            client.send("body");
            assertThat(origin.take(4)).isEqualTo("body");
            origin.send("HTTP/1.1 204 No Content\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 204 ");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aConnectionWithoutRequests(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer(), options -> options.keepAliveTimeout(limit(world))));
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 204 No Content\r\n\r\n");
            client.head();
            justBefore(world);
            assertThat(client.isEnded()).isFalse();
            world.elapse(limit(world));
            assertThat(client.rest()).isEmpty();
            assertThat(client.isReset()).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aResponseHeadThatDoesNotCome(World.Kind kind) {
        for (String part : new String[] {"", "HTTP/1.1 200 OK\r\n"}) {
            try (World world = kind.create()) {
                Probe probe = new Probe(peer(
                        world,
                        PeerOptions.builder().responseHeadTimeout(limit(world)).build()));
                world.start(probe.proxy());
                Wire client = world.connect();
                client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
                Wire origin = world.accept();
                origin.head();
                origin.send(part);
                justBefore(world);
                assertThat(client.text()).isEmpty();
                world.elapse(limit(world));
                assertThat(client.head()).startsWith("HTTP/1.1 504 ");
                origin.rest();
                world.awaitQuiet();
                assertThat(probe.logged()).containsExactly("/x UPSTREAM RESPONSE_HEAD_TIMEOUT");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aResponseBodyThatStops(World.Kind kind) {
        try (World world = kind.create()) {
            Probe probe = new Probe(peer(
                    world,
                    PeerOptions.builder().betweenBytesTimeout(limit(world)).build()));
            world.start(probe.proxy());
            Wire client = world.connect();
            client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\none");
            client.until("one");
            justBefore(world);
            origin.send("two");
            client.take(3);
            world.elapse(limit(world).multipliedBy(2));
            assertThat(client.rest()).isEmpty();
            origin.rest();
            world.awaitQuiet();
            assertThat(probe.logged()).containsExactly("/x UPSTREAM BODY_TIMEOUT");
        }
    }

    /** While the client takes nothing, the origin is not to blame; then the client is. */
    @ParameterizedTest
    @EnumSource(names = {"SIMULATED", "SOCKETS"})
    void aClientThatTakesNothing(World.Kind kind) {
        try (World world = kind.create()) {
            Probe probe = new Probe(peer(
                    world,
                    PeerOptions.builder()
                            .betweenBytesTimeout(limit(world).dividedBy(2))
                            .build()));
            world.start(probe.with(options -> options.writeStallTimeout(limit(world))));
            Wire client = world.connect();
            client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            client.stopReading();
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 60000000\r\n\r\n");
            origin.send(new byte[50_000_000]);
            world.elapse(limit(world).multipliedBy(2));
            origin.rest();
            world.awaitQuiet();
            assertThat(probe.logged()).containsExactly("/x DOWNSTREAM WRITE_TIMEOUT");
            client.startReading();
            client.rest();
            assertThat(client.count()).isLessThan(50_000_000);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SIMULATED", "SOCKETS"})
    void anOriginThatTakesNothing(World.Kind kind) {
        try (World world = kind.create()) {
            Probe probe = new Probe(peer(
                    world, PeerOptions.builder().writeStallTimeout(limit(world)).build()));
            world.start(probe.proxy());
            Wire client = world.connect();
            client.send("PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 60000000\r\n\r\nbegin;");
            Wire origin = world.accept();
            origin.until("begin;");
            origin.stopReading();
            client.send(new byte[50_000_000]);
            world.elapse(limit(world).multipliedBy(2));
            world.await(() -> probe.logged().size() == 1, () -> "the end");
            assertThat(probe.logged()).containsExactly("/x UPSTREAM WRITE_TIMEOUT");
            assertThat(client.head()).startsWith("HTTP/1.1 504 ");
        }
    }

    @Test
    void aPeerThatDoesNotAnswerTheConnect() {
        try (Simulation simulation = Simulation.create()) {
            simulation.network().blackhole("10.0.0.8");
            Probe probe = new Probe(HttpPeer.of("10.0.0.8", 80));
            SimulatedProxy proxy = simulation.start(probe.proxy());
            SimulatedConnection client = simulation.connect(proxy.address());
            client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
            simulation.advance(Duration.ofMillis(4999));
            assertThat(client.received()).isEmpty();
            simulation.advance(Duration.ofMillis(1));
            assertThat(client.received()).startsWith("HTTP/1.1 504 ");
            simulation.assertQuiet();
            assertThat(probe.logged()).containsExactly("/x UPSTREAM CONNECT_TIMEOUT");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aPeerThatRefuses(World.Kind kind) {
        try (World world = kind.create()) {
            Probe probe = new Probe(world.peer());
            world.start(probe.proxy());
            world.refuse();
            Wire client = world.connect();
            client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok");
            assertThat(client.head()).startsWith("HTTP/1.1 502 ");
            world.awaitQuiet();
            assertThat(probe.logged()).containsExactly("/x UPSTREAM CONNECT");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aNameThatDoesNotExist(World.Kind kind) {
        try (World world = kind.create()) {
            Probe probe = new Probe(HttpPeer.of("no-such-host.invalid", 80));
            world.start(probe.proxy());
            Wire client = world.connect();
            client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(client.head()).startsWith(world.isSimulated() ? "HTTP/1.1 502 " : "HTTP/1.1 50");
            world.awaitQuiet();
            assertThat(probe.logged()).hasSize(1);
        }
    }

    @Test
    void aNameIsTriedAtEachOfItsAddresses() {
        try (Simulation simulation = Simulation.create()) {
            simulation.listen("10.0.0.9", 9000).answer(request -> "HTTP/1.1 204 No Content\r\n\r\n");
            simulation.name("app.example", "10.0.0.7").name("app.example", "10.0.0.9");
            SimulatedProxy proxy = simulation.start(Probe.to(HttpPeer.of("app.example", 9000)));
            SimulatedConnection client = simulation.connect(proxy.address());
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            simulation.run();
            assertThat(client.received()).startsWith("HTTP/1.1 204 ");
            simulation.assertQuiet();
        }
    }

    @Test
    void aResolverThatThrowsIsAnErrorLikeAnother() {
        try (Simulation simulation = Simulation.create()) {
            Probe probe = new Probe(HttpPeer.of("app.example", 9000));
            HttpProxy described = probe.proxy();
            SimulatedProxy proxy = simulation.start(
                    described,
                    settings -> settings.resolver(host -> {
                        throw new IllegalStateException("resolver is broken");
                    }));
            SimulatedConnection client = simulation.connect(proxy.address());
            client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
            simulation.run();
            assertThat(client.received()).startsWith("HTTP/1.1 502 ");
            simulation.assertQuiet();
            assertThat(probe.logged()).containsExactly("/x UPSTREAM RESOLVE");
        }
    }

    @Test
    void aClientThatLeavesWhileAPeerIsConnectedToEndsTheAttempt() {
        try (Simulation simulation = Simulation.create()) {
            simulation.listen("10.0.0.9", 9000).connectDelay(Duration.ofSeconds(1));
            Probe probe = new Probe(HttpPeer.of("10.0.0.9", 9000));
            SimulatedProxy proxy = simulation.start(probe.proxy());
            SimulatedConnection client = simulation.connect(proxy.address());
            client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
            simulation.run();
            client.close();
            simulation.run();
            assertThat(probe.logged()).containsExactly("/x DOWNSTREAM CONNECTION_CLOSED");
            assertThat(proxy.stats().exchanges()).isZero();
            assertThat(proxy.stats().upstreamActive()).isZero();
            simulation.advance(Duration.ofSeconds(1));
            assertThat(proxy.stats().upstreamIdle()).isZero();
            simulation.assertQuiet();
        }
    }
}
