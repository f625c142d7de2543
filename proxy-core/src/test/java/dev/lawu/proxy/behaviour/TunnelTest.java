package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Upgrades and CONNECT (RFC 9110, sections 7.8 and 9.3.6). */
class TunnelTest {
    private static final String UPGRADE =
            "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n";
    private static final String SWITCH =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: a\r\n\r\n";

    private record Ends(Wire client, Wire origin) {}

    private static Ends open(World world) {
        Wire client = world.connect();
        client.send(UPGRADE);
        Wire origin = world.accept();
        origin.head();
        origin.send(SWITCH);
        client.head();
        return new Ends(client, origin);
    }

    @ParameterizedTest
    @EnumSource
    void bytesGoBothWaysAfterTheSwitch(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send(UPGRADE + "early");
            Wire origin = world.accept();
            assertThat(origin.head())
                    .containsIgnoringCase("Connection: Upgrade\r\n")
                    .contains("Upgrade: websocket\r\n")
                    .contains("Sec-WebSocket-Key: k\r\n");
            origin.send(SWITCH + "greeting");
            assertThat(client.head())
                    .startsWith("HTTP/1.1 101 Switching Protocols\r\n")
                    .containsIgnoringCase("Connection: Upgrade\r\n")
                    .contains("Upgrade: websocket\r\n")
                    .contains("Sec-WebSocket-Accept: a\r\n");
            assertThat(client.take(8)).isEqualTo("greeting");
            assertThat(origin.take(5)).isEqualTo("early");
            for (int i = 0; i < 20; i++) {
                client.send("ping" + i + ";");
                assertThat(origin.until(";")).isEqualTo("ping" + i + ";");
                origin.send("pong" + i + ";");
                assertThat(client.until(";")).isEqualTo("pong" + i + ";");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aMegabyteGoesThroughEachWay(World.Kind kind) {
        int size = kind == World.Kind.SPLIT ? 100_000 : 1_000_000;
        String bytes = Bodies.pattern(size);
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Ends ends = open(world);
            ends.client.send(bytes);
            ends.origin.send(bytes);
            assertThat(Bodies.take(world, ends.origin, size)).isEqualTo(bytes);
            assertThat(Bodies.take(world, ends.client, size)).isEqualTo(bytes);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aClientsHalfCloseLeavesTheOtherDirection(World.Kind kind) {
        try (World world = kind.create()) {
            Probe probe = new Probe(world.peer());
            world.start(probe.proxy());
            Ends ends = open(world);
            ends.client.send("last words");
            ends.client.finish();
            assertThat(ends.origin.rest()).isEqualTo("last words");
            ends.origin.send("answer");
            assertThat(ends.client.take(6)).isEqualTo("answer");
            ends.origin.finish();
            assertThat(ends.client.rest()).isEmpty();
            assertThat(ends.client.isReset()).isFalse();
            world.awaitQuiet();
            assertThat(probe.logged()).containsExactly("/chat");
        }
    }

    @ParameterizedTest
    @EnumSource
    void anOriginsHalfCloseLeavesTheOtherDirection(World.Kind kind) {
        try (World world = kind.create()) {
            Probe probe = new Probe(world.peer());
            world.start(probe.proxy());
            Ends ends = open(world);
            ends.origin.send("bye");
            ends.origin.finish();
            assertThat(ends.client.rest()).isEqualTo("bye");
            ends.client.send("still here");
            assertThat(ends.origin.take(10)).isEqualTo("still here");
            ends.client.finish();
            assertThat(ends.origin.rest()).isEmpty();
            assertThat(ends.origin.isReset()).isFalse();
            world.awaitQuiet();
            assertThat(probe.logged()).containsExactly("/chat");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aResetOfEitherSideEndsBoth(World.Kind kind) {
        try (World world = kind.create()) {
            Probe probe = new Probe(world.peer());
            world.start(probe.proxy());
            Ends first = open(world);
            first.client.reset();
            first.origin.rest();
            world.awaitQuiet();
            Ends second = open(world);
            second.origin.reset();
            second.client.rest();
            world.awaitQuiet();
            assertThat(probe.logged()).hasSize(2).allMatch(line -> line.contains("CONNECTION_CLOSED"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRefusedUpgradeIsAnOrdinaryResponse(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send(UPGRADE);
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno");
            assertThat(client.head()).startsWith("HTTP/1.1 200 OK\r\n").doesNotContainIgnoringCase("upgrade");
            assertThat(client.take(2)).isEqualTo("no");
            client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(origin.head()).startsWith("GET /next ").doesNotContainIgnoringCase("upgrade");
            origin.send("HTTP/1.1 204 No Content\r\n\r\n");
            client.head();
        }
    }

    @ParameterizedTest
    @EnumSource
    void anUpgradeThatIsNotAllowedIsNotForwarded(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n"
                    + "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n");
            Wire origin = world.accept();
            assertThat(origin.head())
                    .doesNotContainIgnoringCase("upgrade")
                    .doesNotContainIgnoringCase("http2-settings");
            // So a switch was not asked for.
            origin.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 502 ");
        }
    }

    @ParameterizedTest
    @EnumSource
    void anIdleTunnelIsEnded(World.Kind kind) {
        try (World world = kind.create()) {
            Duration idle = Duration.ofMillis(world.isSimulated() ? 600_000 : 300);
            Probe probe = new Probe(world.peer()
                    .withOptions(world.peer().options().toBuilder()
                            .tunnelIdleTimeout(idle)
                            .build()));
            world.start(probe.proxy());
            Ends ends = open(world);
            for (int i = 0; i < 4; i++) {
                world.elapse(idle.dividedBy(2));
                ends.client.send("x");
                ends.origin.take(1);
            }
            world.elapse(idle);
            ends.client.rest();
            ends.origin.rest();
            world.awaitQuiet();
            assertThat(probe.logged()).containsExactly("/chat INTERNAL BODY_TIMEOUT");
        }
    }

    @ParameterizedTest
    @EnumSource
    void connectIsRefusedByDefault(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 405 ");
            assertThat(world.accepted()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void connectOpensATunnelWhereItIsAllowed(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer(), options -> options.allowConnect(true)));
            Wire client = world.connect();
            client.send("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\nhello");
            Wire origin = world.accept();
            assertThat(origin.head()).startsWith("CONNECT a:443 HTTP/1.1\r\n").doesNotContain("Content-Length");
            origin.send("HTTP/1.1 200 Connected\r\n\r\nwelcome");
            assertThat(client.head())
                    .startsWith("HTTP/1.1 200 Connected\r\n")
                    .doesNotContain("Content-Length")
                    .doesNotContain("Transfer-Encoding");
            assertThat(client.take(7)).isEqualTo("welcome");
            assertThat(origin.take(5)).isEqualTo("hello");
            client.finish();
            origin.rest();
            origin.finish();
            client.rest();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRefusedConnectIsAnOrdinaryResponse(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer(), options -> options.allowConnect(true)));
            Wire client = world.connect();
            client.send("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
            assertThat(client.head()).startsWith("HTTP/1.1 403 Forbidden\r\n");
            assertThat(client.take(2)).isEqualTo("no");
        }
    }
}
