package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.ConnectionFilter;
import dev.lawu.proxy.ConnectionFilter.Decision;
import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.TrustedProxies;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Who may connect at all. */
class ConnectionFilterTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    private static HttpProxy local() {
        return new Probe(
                        session -> {
                            throw new AssertionError("no upstream is wanted");
                        },
                        session -> FilterResult.respond(LocalResponse.of(200).text("hi")))
                .proxy();
    }

    private static void start(World world, ConnectionFilter filter) {
        world.start(
                local(), server -> server.listen(world.listener().name("edge").connectionFilter(filter)));
    }

    private static void counts(World world, String reason, long count) {
        world.await(
                () -> world.server().stats().refused().getOrDefault(reason, 0L) == count,
                () -> count + " of " + reason + "; found " + world.server().stats());
    }

    @ParameterizedTest
    @EnumSource
    void acceptedOnesAreServedAndRejectedOnesAreClosed(World.Kind kind) {
        List<ConnectionFilter.Incoming> asked = new CopyOnWriteArrayList<>();
        try (World world = kind.create()) {
            start(world, connection -> {
                asked.add(connection);
                return asked.size() % 2 == 1 ? Decision.accept() : Decision.reject("every second one");
            });
            Wire welcome = world.connect();
            welcome.send(GET);
            assertThat(welcome.until("hi")).startsWith("HTTP/1.1 200");
            Wire unwelcome = world.connect();
            unwelcome.send(GET);
            assertThat(unwelcome.rest()).isEmpty();
            counts(world, "connection-filter", 1);
            assertThat(world.server().stats().requests()).isEqualTo(1);
            ConnectionFilter.Incoming first = asked.get(0);
            assertThat(first.listener()).isEqualTo("edge");
            assertThat(first.clientAddress()).isEqualTo(first.peerAddress()).isNotNull();
            assertThat(first.localAddress()).isEqualTo(world.server().address());
        }
    }

    @ParameterizedTest
    @EnumSource
    void nothingHappensWhileItDecides(World.Kind kind) {
        CompletableFuture<Decision> first = new CompletableFuture<>();
        CompletableFuture<Decision> then = new CompletableFuture<>();
        try (World world = kind.create()) {
            start(world, connection -> Decision.async(first));
            Wire client = world.connect();
            client.send(GET + GET);
            world.await(() -> world.server().stats().connections() == 1, () -> "the connection");
            world.elapse(Duration.ofMillis(50));
            assertThat(client.text()).isEmpty();
            first.complete(Decision.async(then));
            world.elapse(Duration.ofMillis(50));
            assertThat(world.server().stats().requests()).isZero();
            then.complete(Decision.accept());
            client.until("hi");
            client.until("hi");
            Wire next = world.connect(); // for whom it is complete at once
            next.send(GET);
            next.until("hi");
        }
    }

    @ParameterizedTest
    @EnumSource
    void itMayRejectLater(World.Kind kind) {
        CompletableFuture<Decision> decision = new CompletableFuture<>();
        try (World world = kind.create()) {
            start(world, connection -> Decision.async(decision));
            Wire client = world.connect();
            client.send(GET);
            world.await(() -> world.server().stats().connections() == 1, () -> "the connection");
            decision.complete(Decision.reject("not you"));
            assertThat(client.rest()).isEmpty();
            counts(world, "connection-filter", 1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatFailsLetsNobodyIn(World.Kind kind) {
        List<Integer> asked = new CopyOnWriteArrayList<>();
        try (World world = kind.create()) {
            start(world, connection -> {
                asked.add(1);
                switch (asked.size()) {
                    case 1 -> throw new IllegalStateException("thrown by a test");
                    case 2 -> {
                        return null;
                    }
                    case 3 -> {
                        return Decision.async(CompletableFuture.failedFuture(new Exception("failed by a test")));
                    }
                    default -> {
                        return Decision.async(CompletableFuture.completedFuture(null));
                    }
                }
            });
            for (int i = 0; i < 4; i++) {
                Wire client = world.connect();
                client.send(GET);
                assertThat(client.rest()).isEmpty();
            }
            counts(world, "connection-filter-failed", 4);
            assertThat(world.server().stats().requests()).isZero();
        }
    }

    @Test
    void aDecisionHasToComeInTime() {
        CompletableFuture<Decision> never = new CompletableFuture<>();
        try (World world = World.Kind.SIMULATED.create()) {
            start(world, connection -> Decision.async(never));
            Wire client = world.connect();
            client.send(GET);
            world.elapse(Duration.ofMillis(14_900));
            assertThat(client.isEnded()).isFalse();
            world.elapse(Duration.ofMillis(200));
            assertThat(client.rest()).isEmpty();
            counts(world, "connection-filter-timeout", 1);
            never.complete(Decision.accept()); // too late
            world.elapse(Duration.ofMillis(1));
            assertThat(world.server().stats().connections()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aClientMayLeaveMeanwhile(World.Kind kind) {
        CompletableFuture<Decision> decision = new CompletableFuture<>();
        try (World world = kind.create()) {
            start(world, connection -> Decision.async(decision));
            Wire client = world.connect();
            client.send(GET);
            world.await(() -> world.server().stats().connections() == 1, () -> "the connection");
            client.reset();
            world.await(() -> world.server().stats().connections() == 0, () -> "no connection");
            decision.complete(Decision.accept());
            world.elapse(Duration.ofMillis(5));
            assertThat(world.server().stats().requests()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aFinMeanwhileLosesNothing(World.Kind kind) {
        CompletableFuture<Decision> decision = new CompletableFuture<>();
        try (World world = kind.create()) {
            world.start(
                    Probe.to(world.peer(), options -> options.halfClose(true)),
                    server -> server.listen(world.listener().connectionFilter(c -> Decision.async(decision))));
            Wire client = world.connect();
            client.send(GET);
            client.finish();
            world.await(() -> world.server().stats().connections() == 1, () -> "the connection");
            world.elapse(Duration.ofMillis(50));
            decision.complete(Decision.accept());
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
            assertThat(client.rest()).startsWith("HTTP/1.1 200").endsWith("hi");
        }
    }

    @ParameterizedTest
    @EnumSource
    void littleIsReadAhead(World.Kind kind) {
        CompletableFuture<Decision> decision = new CompletableFuture<>();
        try (World world = kind.create()) {
            world.start(
                    new Probe(session -> world.peer(), session -> FilterResult.proceed()).proxy(),
                    server -> server.listen(world.listener().connectionFilter(c -> Decision.async(decision))));
            Wire client = world.connect();
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n");
            client.send(new byte[300_000]);
            world.await(() -> world.server().stats().connections() == 1, () -> "the connection");
            world.elapse(Duration.ofMillis(50));
            decision.complete(Decision.accept());
            Wire origin = world.accept();
            origin.head();
            assertThat(origin.take(300_000)).hasSize(300_000);
            origin.send("HTTP/1.1 204 No Content\r\n\r\n");
            client.head();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aDrainWaitsForNoDecision(World.Kind kind) {
        CompletableFuture<Decision> never = new CompletableFuture<>();
        try (World world = kind.create()) {
            start(world, connection -> Decision.async(never));
            Wire client = world.connect();
            world.await(() -> world.server().stats().connections() == 1, () -> "the connection");
            CompletableFuture<Void> done = world.server().shutdown().toCompletableFuture();
            client.rest();
            world.await(done::isDone, () -> "the end");
            never.complete(Decision.accept()); // its loop is gone
        }
    }

    @Test
    void itIsToldTheClientThatTheProxyTells() {
        List<String> clients = new CopyOnWriteArrayList<>();
        try (World world = World.Kind.SIMULATED.create()) {
            world.start(
                    local(),
                    server -> server.listen(world.listener()
                            .proxyProtocol(TrustedProxies.of("10.0.0.2"))
                            .connectionFilter(connection -> {
                                clients.add(connection.clientAddress() + " by " + connection.peerAddress());
                                return Decision.accept();
                            })));
            Wire client = world.connect();
            client.send("PROXY TCP4 192.0.2.1 198.51.100.2 50000 443\r\n" + GET);
            client.until("hi");
            assertThat(clients).hasSize(1);
            assertThat(clients.get(0)).startsWith("/192.0.2.1:50000 by /10.0.0.2:");
        }
    }
}
