package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.testing.SimulatedConnection;
import dev.lawu.proxy.testing.SimulatedProxy;
import dev.lawu.proxy.testing.Simulation;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import dev.lawu.proxy.upstream.HttpPeer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A client that leaves, in each state of its connection: what is done for it ends at once, and {@code logging} runs once. */
class DepartingClientTest {
    private static final String POST = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n";

    /** Brings the client's connection into a state. Gives back the origin's end, if there is one. */
    @FunctionalInterface
    private interface State {
        @Nullable
        Wire reach(World world, Wire client);
    }

    private record Case(String name, boolean exchange, State state) {}

    private static final List<Case> CASES = List.of(
            new Case("while idle", false, (world, client) -> {
                world.await(() -> world.server().stats().connections() == 1, () -> "the connection");
                return null;
            }),
            new Case("within the request line", false, (world, client) -> {
                client.send("GET /x");
                return null;
            }),
            new Case("within the head", false, (world, client) -> {
                client.send("GET /x HTTP/1.1\r\nHost: a\r\nX-Y: z");
                return null;
            }),
            new Case("within the request body", true, (world, client) -> {
                client.send(POST + "half;");
                Wire origin = world.accept();
                origin.until("half;");
                return origin;
            }),
            new Case("while a filter is pending", true, (world, client) -> {
                client.send("GET /pending HTTP/1.1\r\nHost: a\r\n\r\n");
                world.await(() -> world.server().stats().exchanges() == 1, () -> "the exchange");
                return null;
            }),
            new Case("while a filter is pending, with a body", true, (world, client) -> {
                client.send(POST.replace("/x", "/pending") + "0123456789");
                world.await(() -> world.server().stats().exchanges() == 1, () -> "the exchange");
                return null;
            }),
            new Case("after the request was sent", true, (world, client) -> {
                client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
                Wire origin = world.accept();
                origin.head();
                return origin;
            }),
            new Case("after an interim response", true, (world, client) -> {
                client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
                Wire origin = world.accept();
                origin.head();
                origin.send("HTTP/1.1 103 Early Hints\r\n\r\n");
                client.head();
                return origin;
            }),
            new Case("within the response", true, (world, client) -> {
                client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
                Wire origin = world.accept();
                origin.head();
                origin.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf;");
                client.until("half;");
                return origin;
            }),
            new Case("within the response, slow", true, (world, client) -> {
                client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
                Wire origin = world.accept();
                origin.head();
                client.stopReading();
                origin.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
                origin.send(new byte[500_000]);
                world.await(() -> world.server().stats().exchanges() == 1, () -> "the exchange");
                return origin;
            }),
            new Case("within request and response", true, (world, client) -> {
                client.send(POST + "half;");
                Wire origin = world.accept();
                origin.until("half;");
                origin.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
                client.until("a\r\n");
                return origin;
            }));

    @TestFactory
    List<DynamicTest> leaves() {
        List<DynamicTest> tests = new ArrayList<>();
        for (World.Kind kind : World.Kind.values()) {
            for (Case each : CASES) {
                add(tests, kind, each, "FIN", (world, client) -> client.close());
                add(tests, kind, each, "half FIN", (world, client) -> client.finish());
                add(tests, kind, each, "RST", (world, client) -> client.reset());
            }
        }
        return tests;
    }

    private static void add(
            List<DynamicTest> tests, World.Kind kind, Case each, String how, BiConsumer<World, Wire> leave) {
        tests.add(DynamicTest.dynamicTest(kind + " " + how + " " + each.name, () -> {
            CompletableFuture<FilterResult> never = new CompletableFuture<>();
            try (World world = kind.create()) {
                Probe probe = new Probe(
                        session -> world.peer(),
                        session -> session.request().target().equals("/pending")
                                ? FilterResult.async(never)
                                : FilterResult.proceed());
                world.start(probe.proxy());
                Wire client = world.connect();
                Wire origin = each.state.reach(world, client);
                leave.accept(world, client);
                // Well before any deadline has passed: the patience of await is shorter than each.
                world.awaitQuiet();
                world.await(() -> world.server().stats().connections() == 0, () -> "no connection");
                assertThat(world.server().stats().upstreamIdle()).isZero();
                if (origin != null) {
                    origin.rest();
                }
                if (each.exchange) {
                    assertThat(probe.logged()).singleElement().asString().endsWith(" DOWNSTREAM CONNECTION_CLOSED");
                } else {
                    assertThat(probe.logged()).isEmpty();
                }
                never.complete(FilterResult.proceed()); // too late to matter
                world.awaitQuiet();
                assertThat(probe.logged()).hasSizeLessThan(2);
                assertThat(world.accepted()).isEqualTo(origin == null ? 0 : 1);
            }
        }));
    }

    @ParameterizedTest
    @EnumSource
    void withHalfCloseTheAnswerStillArrives(World.Kind kind) {
        try (World world = kind.create()) {
            Probe probe = new Probe(world.peer());
            world.start(probe.with(options -> options.halfClose(true)));
            Wire client = world.connect();
            client.send("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nokGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
            client.finish();
            Wire origin = world.accept();
            origin.head();
            origin.take(2);
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none");
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo");
            client.head();
            assertThat(client.take(3)).isEqualTo("one");
            assertThat(client.head()).contains("Connection: close\r\n");
            assertThat(client.rest()).isEqualTo("two");
            assertThat(client.isReset()).isFalse();
            world.awaitQuiet();
            assertThat(probe.logged()).containsExactly("/1", "/2");
            assertThat(world.server().stats().upstreamIdle()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void withHalfCloseHalfARequestIsStillNone(World.Kind kind) {
        try (World world = kind.create()) {
            Probe probe = new Probe(world.peer());
            world.start(probe.with(options -> options.halfClose(true)));
            Wire client = world.connect();
            client.send(POST + "half;");
            Wire origin = world.accept();
            origin.until("half;");
            client.finish();
            client.rest();
            origin.rest();
            world.awaitQuiet();
            assertThat(probe.logged()).containsExactly("/x DOWNSTREAM CONNECTION_CLOSED");
        }
    }

    /** The attempt to connect ends with it, and not only when it would have timed out. */
    @Test
    void whileItsUpstreamIsConnectedTo() {
        try (Simulation simulation = Simulation.create()) {
            simulation.network().blackhole("10.0.0.8");
            SimulatedProxy proxy = simulation.start(Probe.to(HttpPeer.of("10.0.0.8", 9000)));
            SimulatedConnection client = simulation.connect(proxy.address());
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            simulation.run();
            assertThat(proxy.stats().upstreamActive()).isEqualTo(1);
            client.reset();
            simulation.assertQuiet();
            assertThat(simulation.elapsed()).isZero();
        }
    }
}
