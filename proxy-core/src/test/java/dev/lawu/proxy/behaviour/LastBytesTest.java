package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.testing.SimulatedConnection;
import dev.lawu.proxy.testing.SimulatedOrigin;
import dev.lawu.proxy.testing.SimulatedProxy;
import dev.lawu.proxy.testing.Simulation;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import dev.lawu.proxy.upstream.HttpPeer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A response, or a request, that has been given to the transport has not arrived yet: nothing may cut it off, and no time for what comes after it runs. */
class LastBytesTest {
    private static final HttpPeer PEER = HttpPeer.of("10.0.0.9", 9000);
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private static final int LENGTH = 400_000;

    /** A client that takes 50 KB each second of a response that the engine has sent; what happens in the first second is the test's. */
    private static void takesAll(Simulation simulation, SimulatedProxy proxy, Consumer<SimulatedConnection> event) {
        String body = Bodies.pattern(LENGTH);
        SimulatedOrigin origin = simulation.listen("10.0.0.9", 9000).answer(r -> SimulatedOrigin.response(200, body));
        SimulatedConnection client = simulation.connect(proxy.address());
        client.stopReading().send(GET);
        simulation.run();
        assertThat(origin.requests()).hasSize(1);
        assertThat(proxy.stats().exchanges()).isZero();
        event.accept(client);
        while (client.receivedCount() < LENGTH) {
            assertThat(client.isReset()).isFalse();
            long before = client.receivedCount();
            client.readAtMost(50_000);
            simulation.advance(Duration.ofSeconds(1));
            assertThat(client.receivedCount()).isGreaterThan(before);
        }
        client.startReading();
        simulation.run();
        assertThat(client.received()).startsWith("HTTP/1.1 200 OK\r\n").endsWith("\r\n\r\n" + body);
    }

    private static Simulation small() {
        Simulation simulation = Simulation.create();
        simulation.network().window(16 * 1024);
        return simulation;
    }

    @Test
    void theKeepAliveTimeRunsFromTheLastByteThatWasTaken() {
        try (Simulation simulation = small()) {
            SimulatedProxy proxy =
                    simulation.start(Probe.to(PEER, options -> options.keepAliveTimeout(Duration.ofSeconds(1))));
            SimulatedConnection[] clients = new SimulatedConnection[1];
            takesAll(simulation, proxy, client -> clients[0] = client);
            simulation.advance(Duration.ofSeconds(1));
            assertThat(clients[0].isClosedByPeer()).isTrue();
            assertThat(clients[0].isReset()).isFalse();
        }
    }

    @Test
    void drainingLetsTheTailOfAResponseThrough() {
        try (Simulation simulation = small()) {
            SimulatedProxy proxy = simulation.start(Probe.to(PEER));
            SimulatedConnection[] clients = new SimulatedConnection[1];
            takesAll(simulation, proxy, client -> {
                clients[0] = client;
                proxy.server().shutdown();
            });
            assertThat(clients[0].isClosedByPeer()).isTrue();
            assertThat(clients[0].isReset()).isFalse();
        }
    }

    @Test
    void aFinBehindAWholeResponseLeavesItsTailAlone() {
        for (boolean halfClose : new boolean[] {true, false}) {
            try (Simulation simulation = small()) {
                SimulatedProxy proxy = simulation.start(Probe.to(PEER, options -> options.halfClose(halfClose)));
                SimulatedConnection[] clients = new SimulatedConnection[1];
                takesAll(simulation, proxy, client -> {
                    clients[0] = client;
                    client.halfClose();
                    simulation.run();
                });
                assertThat(clients[0].isClosedByPeer()).isTrue();
                assertThat(clients[0].isReset()).isFalse();
            }
        }
    }

    @Test
    void theTimeForTheResponseHeadRunsFromTheLastByteOfTheRequest() {
        try (Simulation simulation = small()) {
            SimulatedOrigin origin = simulation.listen("10.0.0.9", 9000).onConnection(SimulatedConnection::stopReading);
            Probe probe = new Probe(PEER.withOptions(PEER.options().toBuilder()
                    .responseHeadTimeout(Duration.ofSeconds(3))
                    .build()));
            SimulatedProxy proxy = simulation.start(probe.proxy());
            SimulatedConnection client = simulation.connect(proxy.address());
            client.send("PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n");
            client.send(new byte[200_000]);
            simulation.run();
            assertThat(client.unsentCount()).isZero();
            while (origin.connection().receivedCount() < 200_000) {
                assertThat(probe.logged()).isEmpty();
                origin.connection().readAtMost(30_000);
                simulation.advance(Duration.ofSeconds(2));
            }
            origin.connection().startReading();
            simulation.advance(Duration.ofMillis(900));
            assertThat(client.received()).isEmpty();
            simulation.advance(Duration.ofSeconds(3));
            assertThat(client.received()).startsWith("HTTP/1.1 504 ");
            assertThat(probe.logged()).containsExactly("/x UPSTREAM RESPONSE_HEAD_TIMEOUT");
        }
    }

    /** What was sent in the turn in which it broke off still says how it began: a client that got nothing at all might ask again. */
    @ParameterizedTest
    @EnumSource(names = {"SIMULATED", "SOCKETS"})
    void aResponseThatBreaksOffInTheTurnOfItsHeadBegins(World.Kind kind) {
        try (World world = kind.create()) {
            Probe probe = new Probe(world.peer());
            world.start(probe.proxy());
            Wire client = world.connect();
            client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz");
            assertThat(client.rest()).startsWith("HTTP/1.1 200 OK\r\n").endsWith("chunked\r\n\r\n");
            world.awaitQuiet();
            assertThat(probe.logged()).containsExactly("/x UPSTREAM PROTOCOL");
        }
    }

    /** With HTTP/1.0 the end of the connection is the end of the body: only a reset says that it is not. */
    @Test
    void aResponseOfUnknownLengthThatBreaksOffIsReset() {
        try (World world = World.Kind.SIMULATED.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send("GET /x HTTP/1.0\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz");
            client.rest();
            assertThat(client.isReset()).isTrue();
        }
    }

    @Test
    void drainingEndsWhenTheTailIsTaken() {
        try (Simulation simulation = small()) {
            SimulatedProxy proxy = simulation.start(Probe.to(PEER));
            CompletableFuture<?>[] shutdown = new CompletableFuture<?>[1];
            takesAll(
                    simulation,
                    proxy,
                    client -> shutdown[0] = proxy.server().shutdown().toCompletableFuture());
            simulation.advance(Duration.ofSeconds(3)); // lingering
            assertThat(shutdown[0]).isDone();
        }
    }
}
