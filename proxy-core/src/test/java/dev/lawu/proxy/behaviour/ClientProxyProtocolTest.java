package dev.lawu.proxy.behaviour;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.Listener;
import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.TrustedProxies;
import dev.lawu.proxy.testing.SimulatedConnection;
import dev.lawu.proxy.testing.SimulatedProxy;
import dev.lawu.proxy.testing.Simulation;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The client's address from a proxy that may say it. */
class ClientProxyProtocolTest {
    private static final TrustedProxies CLIENTS = TrustedProxies.of("10.0.0.2", "127.0.0.1");
    private static final String LINE = "PROXY TCP4 192.0.2.1 198.51.100.2 50000 443\r\n";
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    private static byte[] binary(int command) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(new byte[] {13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10, (byte) command, 0x11, 0, 15});
        all.writeBytes(new byte[] {(byte) 192, 0, 2, 1, (byte) 198, 51, 100, 2, (byte) 0xC3, 0x50, 1, (byte) 0xBB});
        all.writeBytes(new byte[] {4, 0, 0});
        return all.toByteArray();
    }

    private static Consumer<ProxyServer.Builder> trusting(World world) {
        return server -> server.listen(world.listener().name("edge").proxyProtocol(CLIENTS));
    }

    /** Answers what the session says of its client. */
    private static HttpProxy mirror() {
        return new Probe(
                        session -> {
                            throw new AssertionError("no upstream is wanted");
                        },
                        session -> FilterResult.respond(LocalResponse.of(200)
                                .text(session.clientAddress() + " " + session.remoteAddress() + " "
                                        + session.localAddress())))
                .proxy();
    }

    private static void answers(Wire client, String expected) {
        assertThat(client.head()).startsWith("HTTP/1.1 200");
        assertThat(client.take(expected.length())).isEqualTo(expected);
    }

    private static final String TOLD = "/192.0.2.1:50000 /192.0.2.1:50000 /198.51.100.2:443";

    @ParameterizedTest
    @EnumSource
    void theSessionHasTheAddressesOfTheHeader(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(mirror(), trusting(world));
            Wire first = world.connect();
            first.send(LINE + GET);
            answers(first, TOLD);
            first.send(GET);
            answers(first, TOLD);
            Wire second = world.connect();
            second.send(binary(0x21));
            second.send(GET);
            answers(second, TOLD);
        }
    }

    @ParameterizedTest
    @EnumSource
    void theOriginIsToldToo(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()), trusting(world));
            Wire client = world.connect();
            client.send(LINE + "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n");
            Wire origin = world.accept();
            // The client is not the proxy that is trusted to speak for it: what it says itself counts for nothing.
            assertThat(origin.head())
                    .contains("X-Forwarded-For: 192.0.2.1\r\n")
                    .contains("Forwarded: for=192.0.2.1;")
                    .doesNotContain("203.0.113.9");
            origin.send("HTTP/1.1 204 No Content\r\n\r\n");
            client.head();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aHealthCheckKeepsTheConnectionsAddresses(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(mirror(), trusting(world));
            String own = world.isSimulated() ? "/10.0.0.2:" : "/127.0.0.1:";
            for (byte[] header : new byte[][] {
                binary(0x20), "PROXY UNKNOWN\r\n".getBytes(ISO_8859_1), "PROXY UNKNOWN x y z\r\n".getBytes(ISO_8859_1)
            }) {
                Wire client = world.connect();
                client.send(header);
                client.send(GET);
                client.head();
                assertThat(client.take(own.length())).isEqualTo(own);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void anUntrustedPeerCannotSayWhoItIs(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(
                    mirror(),
                    server -> server.listen(world.listener().proxyProtocol(TrustedProxies.of("203.0.113.0/24"))));
            Wire spoofing = world.connect();
            spoofing.send(LINE + GET);
            assertThat(spoofing.rest()).startsWith("HTTP/1.1 400 ").doesNotContain("192.0.2.1");
            Wire binary = world.connect();
            binary.send(binary(0x21));
            binary.send(GET);
            assertThat(binary.rest()).startsWith("HTTP/1.1 400 ").doesNotContain("192.0.2.1");
            Wire plain = world.connect();
            plain.send(GET);
            answers(plain, world.isSimulated() ? "/10.0.0.2:" : "/127.0.0.1:");
        }
    }

    @ParameterizedTest
    @EnumSource
    void whoIsTrustedMustSayIt(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(mirror(), trusting(world));
            for (String bad :
                    new String[] {GET, "PROXY TCP4 1.2.3.4\r\n" + GET, "PROXY " + "x".repeat(120), "\r\n\r\nX"}) {
                Wire client = world.connect();
                client.send(bad);
                assertThat(client.rest()).isEmpty();
            }
            world.await(
                    () -> world.server().stats().refused().getOrDefault("proxy-protocol", 0L) == 4,
                    () -> "4 refusals; found " + world.server().stats());
            assertThat(world.server().stats().requests()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void whoLeavesWithinTheHeaderIsGone(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(mirror(), trusting(world));
            Wire silent = world.connect();
            silent.finish();
            assertThat(silent.rest()).isEmpty();
            assertThat(world.server().stats().refused()).isEmpty();
            Wire half = world.connect();
            half.send("PROXY TCP4 192");
            half.finish();
            assertThat(half.rest()).isEmpty();
            Wire resetting = world.connect();
            resetting.send("PROXY TCP4 192");
            resetting.reset();
            world.await(() -> world.server().stats().connections() == 0, () -> "no connection");
            // A whole request and a FIN in one piece: nothing is lost on the way to HTTP.
            Wire whole = world.connect();
            whole.send(LINE + "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            answers(whole, TOLD);
        }
    }

    @Test
    void everyPieceMayComeAlone() {
        try (Simulation simulation = Simulation.create()) {
            SimulatedProxy proxy = simulation.start(
                    mirror(),
                    server -> server.listen(Listener.tcp("10.0.0.1", 8080).proxyProtocol(CLIENTS)));
            for (byte[] header : new byte[][] {LINE.getBytes(ISO_8859_1), binary(0x21)}) {
                ByteArrayOutputStream message = new ByteArrayOutputStream();
                message.writeBytes(header);
                message.writeBytes(GET.getBytes(ISO_8859_1));
                byte[] bytes = message.toByteArray();
                for (int cut = 1; cut < bytes.length; cut++) {
                    SimulatedConnection client = simulation.connect(proxy.address());
                    client.send(Arrays.copyOf(bytes, cut));
                    client.send(Arrays.copyOfRange(bytes, cut, bytes.length));
                    simulation.run();
                    assertThat(client.received()).as("cut at %d", cut).endsWith("\r\n\r\n" + TOLD);
                    client.close();
                }
                SimulatedConnection client = simulation.connect(proxy.address());
                client.sendBytewise(new String(bytes, ISO_8859_1));
                simulation.run();
                assertThat(client.received()).endsWith("\r\n\r\n" + TOLD);
                client.close();
            }
            simulation.assertQuiet();
        }
    }

    @Test
    void aHeaderHasToComeInTime() {
        try (World world = World.Kind.SIMULATED.create()) {
            world.start(mirror(), trusting(world));
            Wire client = world.connect();
            client.send("PROXY ");
            world.elapse(Duration.ofSeconds(14));
            client.send("TCP4 "); // a byte now and then gains no time
            world.elapse(Duration.ofMillis(900));
            assertThat(client.isEnded()).isFalse();
            world.elapse(Duration.ofMillis(200));
            assertThat(client.rest()).isEmpty();
            assertThat(world.server().stats().refused()).containsEntry("proxy-protocol-timeout", 1L);
        }
    }

    @Test
    void theLimitPerClientIsTheClientsAndNotTheProxys() {
        try (World world = World.Kind.SIMULATED.create()) {
            world.start(mirror(), server -> {
                trusting(world).accept(server);
                server.maxConnectionsPerClient(2);
            });
            for (int i = 1; i <= 5; i++) {
                Wire client = world.connect();
                client.send("PROXY TCP4 192.0.2." + i + " 198.51.100.2 1 443\r\n" + GET);
                client.head();
                Wire check = world.connect();
                check.send("PROXY UNKNOWN\r\n" + GET);
                check.head();
            }
            Wire second = world.connect();
            second.send("PROXY TCP4 192.0.2.1 198.51.100.2 2 443\r\n" + GET);
            second.head();
            Wire third = world.connect();
            third.send("PROXY TCP4 192.0.2.1 198.51.100.2 3 443\r\n" + GET);
            assertThat(third.rest()).isEmpty();
            assertThat(world.server().stats().refused()).containsEntry("max-connections-per-client", 1L);
            second.close();
            world.await(() -> world.server().stats().connections() == 11 - 1, () -> "one less");
            Wire fourth = world.connect();
            fourth.send("PROXY TCP4 192.0.2.1 198.51.100.2 4 443\r\n" + GET);
            fourth.head();
        }
    }

    @Test
    void aDrainWaitsForNoHeader() {
        try (World world = World.Kind.SIMULATED.create()) {
            world.start(mirror(), trusting(world));
            Wire client = world.connect();
            client.send("PROXY ");
            world.await(() -> world.server().stats().connections() == 1, () -> "the connection");
            var done = world.server().shutdown().toCompletableFuture();
            assertThat(client.rest()).isEmpty();
            world.await(done::isDone, () -> "the end");
        }
    }
}
