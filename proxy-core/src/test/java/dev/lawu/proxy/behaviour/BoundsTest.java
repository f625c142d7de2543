package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.testing.SimulatedConnection;
import dev.lawu.proxy.testing.SimulatedOrigin;
import dev.lawu.proxy.testing.SimulatedProxy;
import dev.lawu.proxy.testing.Simulation;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import dev.lawu.proxy.upstream.HttpPeer;
import io.netty.buffer.PooledByteBufAllocator;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a slow peer costs: a small, known amount. */
class BoundsTest {
    private static final int MIB = 1024 * 1024;
    private static final int MUCH = 50 * MIB;

    private static long buffered() {
        return PooledByteBufAllocator.DEFAULT.pinnedDirectMemory() + PooledByteBufAllocator.DEFAULT.pinnedHeapMemory();
    }

    /** Sends what is not kept by the test, and counts what was taken. */
    private static long taken(SimulatedConnection sender) {
        return MUCH - sender.unsentCount();
    }

    @Test
    void aSlowReaderHoldsUpAFastOrigin() {
        try (Simulation simulation = Simulation.create()) {
            SimulatedOrigin origin = simulation.listen("10.0.0.9", 9000);
            SimulatedProxy proxy = simulation.start(Probe.to(HttpPeer.of("10.0.0.9", 9000)));
            SimulatedConnection client = simulation.connect(proxy.address());
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            client.stopReading();
            simulation.run();
            SimulatedConnection upstream = origin.connection();
            upstream.send("HTTP/1.1 200 OK\r\nContent-Length: " + MUCH + "\r\n\r\n");
            for (int i = 0; i < 50; i++) {
                upstream.send(new byte[MIB]);
            }
            simulation.run();
            long most = taken(upstream) - client.receivedCount();
            while (client.receivedCount() < MUCH / 2) {
                client.readAtMost(300_000);
                simulation.run();
                most = Math.max(most, taken(upstream) - client.receivedCount());
                // The write stall limit does not count while the client takes something.
                simulation.advance(Duration.ofSeconds(1));
            }
            // Two windows of 256 KiB are the network's.
            assertThat(most).isBetween(1L, 3 * MIB / 2L);
            client.startReading();
            simulation.run();
            assertThat(client.receivedCount()).isGreaterThan(MUCH);
            simulation.assertQuiet();
        }
    }

    @Test
    void aSlowOriginHoldsUpAFastUpload() {
        try (Simulation simulation = Simulation.create()) {
            SimulatedOrigin origin = simulation.listen("10.0.0.9", 9000).onConnection(SimulatedConnection::stopReading);
            SimulatedProxy proxy = simulation.start(Probe.to(HttpPeer.of("10.0.0.9", 9000)));
            SimulatedConnection client = simulation.connect(proxy.address());
            client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: " + MUCH + "\r\n\r\n");
            for (int i = 0; i < 50; i++) {
                client.send(new byte[MIB]);
            }
            simulation.run();
            SimulatedConnection upstream = origin.connection();
            long most = taken(client) - upstream.receivedCount();
            while (upstream.receivedCount() < MUCH / 2) {
                upstream.readAtMost(300_000);
                simulation.run();
                most = Math.max(most, taken(client) - upstream.receivedCount());
                simulation.advance(Duration.ofSeconds(1));
            }
            assertThat(most).isBetween(1L, 3 * MIB / 2L);
            upstream.startReading();
            simulation.run();
            assertThat(upstream.receivedCount()).isGreaterThan(MUCH);
            upstream.send("HTTP/1.1 204 No Content\r\n\r\n");
            simulation.run();
            assertThat(client.received()).startsWith("HTTP/1.1 204 ");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SIMULATED", "SOCKETS"})
    void buffersStaySmallWhileMuchWaits(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            long before = buffered();
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            client.stopReading();
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: " + MUCH + "\r\n\r\n");
            origin.send(new byte[MUCH]);
            world.elapse(Duration.ofMillis(500));
            long held = buffered() - before;
            // The high-water mark of 512 KiB, the read of 128 KiB that crossed it, one more that was read ahead, and
            // what the
            // allocator rounds up.
            assertThat(held).isLessThan(3 * MIB / 2);
            client.startReading();
            world.await(() -> client.count() > MUCH, () -> MUCH + " bytes; found " + client.count());
        }
    }

    /** While a stream is paused 16 KiB are read ahead, however large the reads were before. */
    @ParameterizedTest
    @ValueSource(ints = {0, 5_000, 300_000})
    void littleIsReadAheadWhileARequestIsDecided(int before) {
        CompletableFuture<FilterResult> decided = new CompletableFuture<>();
        Probe probe = new Probe(
                session -> HttpPeer.of("10.0.0.9", 9000),
                session -> session.request().target().equals("/first")
                        ? FilterResult.proceed()
                        : FilterResult.async(decided));
        try (Simulation simulation = Simulation.create()) {
            simulation.listen("10.0.0.9", 9000).answer(request -> "HTTP/1.1 204 No Content\r\n\r\n");
            SimulatedProxy proxy = simulation.start(probe.proxy());
            SimulatedConnection client = simulation.connect(proxy.address());
            if (before > 0) {
                client.send("POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: " + before + "\r\n\r\n");
                client.send(new byte[before]); // so that reads become larger
                simulation.run();
                assertThat(client.takeReceived()).startsWith("HTTP/1.1 204 ");
            }
            client.send("POST /second HTTP/1.1\r\nHost: a\r\nContent-Length: " + MIB + "\r\n\r\n");
            simulation.run();
            long atPause = buffered();
            client.send(new byte[MIB]);
            simulation.run();
            // The network's window, and what was read.
            assertThat(MIB - client.unsentCount()).isBetween(256L * 1024, (256 + 16) * 1024L);
            assertThat(buffered() - atPause).isLessThan(96 * 1024);
            decided.complete(FilterResult.proceed());
            simulation.run();
            assertThat(client.received()).startsWith("HTTP/1.1 204 ");
            simulation.assertQuiet();
        }
    }

    /** The answers to HEAD have no body that could be held up, but they wait in the same queue. */
    @Test
    void manyPipelinedRequestsForHeadsAreHeldUp() {
        String large = "x".repeat(500);
        Probe probe = new Probe(
                session -> {
                    throw new AssertionError("no upstream is wanted");
                },
                session -> FilterResult.respond(LocalResponse.of(200)
                        .header("Number", session.request().target())
                        .header("Large", large)));
        try (Simulation simulation = Simulation.create()) {
            SimulatedProxy proxy = simulation.start(probe.proxy());
            long before = buffered();
            SimulatedConnection client = simulation.connect(proxy.address());
            client.stopReading();
            StringBuilder requests = new StringBuilder();
            for (int i = 0; i < 10_000; i++) {
                requests.append("HEAD /").append(i).append(" HTTP/1.1\r\nHost: a\r\n\r\n");
            }
            client.send(requests.toString());
            simulation.run();
            assertThat(buffered() - before).isLessThan(3 * MIB / 2);
            assertThat(probe.logged().size()).isLessThan(3000);
            client.startReading();
            simulation.run();
            String received = client.received();
            int at = 0;
            for (int i = 0; i < 10_000; i++) {
                at = received.indexOf("Number: /" + i + "\r\n", at);
                assertThat(at).as("answer %d, behind those before it", i).isNotNegative();
            }
            simulation.assertQuiet();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void requestsThatWaitForTheirTurnEndWithTheirClient(boolean halfClose) {
        String large = "x".repeat(500);
        Probe probe = new Probe(
                session -> {
                    throw new AssertionError("no upstream is wanted");
                },
                session -> FilterResult.respond(LocalResponse.of(200).header("Large", large)));
        try (Simulation simulation = Simulation.create()) {
            SimulatedProxy proxy = simulation.start(probe.with(options -> options.halfClose(halfClose)));
            SimulatedConnection client = simulation.connect(proxy.address());
            client.stopReading();
            client.send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n".repeat(1_500));
            simulation.run();
            int answered = probe.logged().size();
            assertThat(answered).isBetween(1_000, 1_499);
            client.halfClose();
            simulation.run();
            client.startReading();
            simulation.run();
            assertThat(probe.logged()).hasSize(halfClose ? 1_500 : answered);
            assertThat(client.received().split("Large: ", -1)).hasSize(1 + (halfClose ? 1_500 : answered));
            assertThat(client.isClosedByPeer()).isTrue();
            assertThat(client.isReset()).isFalse();
            simulation.assertQuiet();
        }
    }

    /** Pieces that are sent in turns of their own, while the client takes nothing, do not each hold a buffer. */
    @Test
    void manySmallPiecesTakeLittle() {
        try (Simulation simulation = Simulation.create()) {
            SimulatedOrigin origin = simulation.listen("10.0.0.9", 9000);
            SimulatedProxy proxy = simulation.start(Probe.to(HttpPeer.of("10.0.0.9", 9000)));
            SimulatedConnection client = simulation.connect(proxy.address());
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            client.stopReading();
            simulation.run();
            long before = buffered();
            SimulatedConnection upstream = origin.connection();
            upstream.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            StringBuilder expected = new StringBuilder();
            long most = 0;
            simulation.maxSteps(10_000_000);
            for (int i = 10_000; i < 60_000; i++) {
                String event = "data: " + i + " of sixty bytes, which is what such an event has\n\n";
                upstream.send(Integer.toHexString(event.length()) + "\r\n" + event + "\r\n");
                simulation.run();
                expected.append(event);
                most = Math.max(most, buffered() - before);
            }
            assertThat(most).isLessThan(3 * MIB / 2);
            upstream.send("0\r\n\r\n");
            client.startReading();
            simulation.run();
            String body = client.received();
            assertThat(Bodies.chunked(body.substring(body.indexOf("\r\n\r\n") + 4))
                            .equals(expected.toString()))
                    .isTrue();
            simulation.assertQuiet();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SIMULATED", "SOCKETS"})
    void aFixedBodyIsGivenAsItIsTaken(World.Kind kind) {
        try (World world = kind.create()) {
            LocalResponse constant = LocalResponse.of(200).body(new byte[MUCH]);
            world.start(new Probe(session -> world.peer(), session -> FilterResult.respond(constant)).proxy());
            long before = buffered();
            Wire client = world.connect();
            client.stopReading();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            world.elapse(Duration.ofMillis(500));
            assertThat(buffered() - before).isLessThan(3 * MIB / 2);
            client.startReading();
            world.await(() -> client.count() > MUCH, () -> MUCH + " bytes; found " + client.count());
            world.awaitQuiet();
        }
    }

    @ParameterizedTest
    @EnumSource
    void anAnswerBeforeTheEndOfTheUploadArrivesWhole(World.Kind kind) {
        for (String status : new String[] {"401 Unauthorized", "413 Content Too Large"}) {
            try (World world = kind.create()) {
                Probe probe = new Probe(world.peer());
                world.start(probe.proxy());
                Wire client = world.connect();
                client.send("POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\nbegin;");
                Wire origin = world.accept();
                origin.until("begin;");
                String body = Bodies.pattern(20_000);
                origin.send("HTTP/1.1 " + status + "\r\nContent-Length: 20000\r\n\r\n" + body);
                client.send(new byte[kind == World.Kind.SPLIT ? 5_000 : 200_000]);
                assertThat(client.head()).startsWith("HTTP/1.1 " + status + "\r\n");
                assertThat(client.take(20_000)).isEqualTo(body);
                origin.rest();
                world.awaitQuiet();
                assertThat(world.server().stats().upstreamIdle()).isZero();
                assertThat(probe.logged()).containsExactly("/up");
                // One that sends on and on is not listened to for ever.
                for (int i = 0; i < 4; i++) {
                    client.send(new byte[kind == World.Kind.SPLIT ? 5_000 : MIB]);
                }
                client.rest();
                client.close();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void anOriginThatAnswersAndClosesDuringTheUploadIsHeard(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send("POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nbegin;");
            Wire origin = world.accept();
            origin.until("begin;");
            origin.send("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 4\r\n\r\nstop");
            origin.finish();
            assertThat(client.head()).startsWith("HTTP/1.1 413 ");
            assertThat(client.take(4)).isEqualTo("stop");
        }
    }

    @ParameterizedTest
    @EnumSource
    void eachEventGoesThroughBeforeTheNextIsSent(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
            client.head(); // before there is an event
            for (int i = 10; i < 60; i++) {
                origin.send("a\r\ndata: " + i + "\n\n\r\n");
                client.until("\n\n");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 4096})
    void aTinyWindowOnlySlowsThingsDown(int window) {
        try (Simulation simulation = Simulation.seeded(window)) {
            simulation.network().window(window);
            String body = Bodies.pattern(3000);
            simulation
                    .listen("10.0.0.9", 9000)
                    .answer(request ->
                            SimulatedOrigin.response(200, request.substring(request.indexOf("\r\n\r\n") + 4)));
            SimulatedProxy proxy = simulation.start(Probe.to(HttpPeer.of("10.0.0.9", 9000)));
            SimulatedConnection client = simulation.connect(proxy.address());
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000\r\n\r\n" + body);
            simulation.run();
            assertThat(client.received()).startsWith("HTTP/1.1 200 OK\r\n").endsWith("\r\n\r\n" + body);
        }
    }
}
