package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.ResponseSource;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
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
    void aSwitchToAnotherProtocolThanWasAskedForIsRefused(World.Kind kind) {
        for (String other : new String[] {"h2c", "websocket, h2c", "websockets", "websocket\r\nUpgrade: h2c"}) {
            try (World world = kind.create()) {
                Probe probe = new Probe(world.peer());
                world.start(probe.proxy());
                Wire client = world.connect();
                client.send(UPGRADE.replace("/chat", "/x"));
                Wire origin = world.accept();
                origin.head();
                origin.send(SWITCH.replace("websocket", other) + "tunnelled");
                assertThat(client.head()).startsWith("HTTP/1.1 502 ");
                origin.rest();
                world.awaitQuiet();
                assertThat(probe.logged()).containsExactly("/x UPSTREAM PROTOCOL");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSwitchNamesItsProtocolInAnyCase(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send(UPGRADE);
            Wire origin = world.accept();
            origin.head();
            origin.send(SWITCH.replace("websocket", "WebSocket"));
            assertThat(client.head()).startsWith("HTTP/1.1 101 ").contains("Upgrade: WebSocket\r\n");
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
            assertThat(probe.logged()).containsExactly("/chat INTERNAL TUNNEL_IDLE");
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

    /** Changes the status of responses to CONNECT. */
    private static HttpProxy changing(World world, int status, List<String> ended) {
        return HttpProxy.builder(new ToPeer(world.peer()) {
                    @Override
                    public FilterResult responseFilter(Session session, ResponseHead head, Object state) {
                        if (session.request().method().equals("CONNECT")
                                && session.responseSource() == ResponseSource.UPSTREAM) {
                            head.setStatus(status);
                        }
                        return FilterResult.proceed();
                    }

                    @Override
                    public void logging(Session session, @Nullable ProxyException error, Object state) {
                        ended.add(session.request().method() + " " + (error == null ? "ok" : error.type()));
                    }
                })
                .options(ProxyOptions.builder().allowConnect(true).build())
                .build();
    }

    /** The body of the refusal must not make a tunnel, or the client's bytes would go into whatever the connection carries next. */
    @ParameterizedTest
    @EnumSource
    void aRefusalThatAFilterTurnsIntoSuccessIsNoTunnel(World.Kind kind) {
        try (World world = kind.create()) {
            List<String> logged = new CopyOnWriteArrayList<>();
            world.start(changing(world, 200, logged));
            Wire first = world.connect();
            first.send("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 407 Authenticate\r\nContent-Length: 4\r\n\r\nwho?");
            assertThat(first.head()).startsWith("HTTP/1.1 500 ");
            Wire second = world.connect();
            second.send("PUT /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
            world.await(() -> world.accepted() == 2 || origin.text().contains("abc"), () -> "the upload at the origin");
            Wire upload = world.accepted() == 2 ? world.accept() : origin;
            upload.until("abc\r\n");
            first.send("smuggled");
            first.finish();
            second.send("0\r\n\r\n");
            assertThat(upload.until("0\r\n\r\n")).isEqualTo("0\r\n\r\n");
            upload.send("HTTP/1.1 204 No Content\r\n\r\n");
            second.head();
            world.awaitQuiet();
            assertThat(logged).containsExactly("CONNECT INTERNAL", "PUT ok");
        }
    }

    @ParameterizedTest
    @EnumSource
    void anEmptyRefusalThatAFilterTurnsIntoSuccessEnds(World.Kind kind) {
        try (World world = kind.create()) {
            List<String> logged = new CopyOnWriteArrayList<>();
            world.start(changing(world, 200, logged));
            Wire client = world.connect();
            client.send("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 407 Authenticate\r\nContent-Length: 0\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 500 ");
            world.awaitQuiet();
            assertThat(logged).containsExactly("CONNECT INTERNAL");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aTunnelThatAFilterTurnsIntoARefusalEnds(World.Kind kind) {
        try (World world = kind.create()) {
            List<String> logged = new CopyOnWriteArrayList<>();
            world.start(changing(world, 403, logged));
            Wire client = world.connect();
            client.send("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 200 Connected\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 500 ");
            origin.rest();
            world.awaitQuiet();
            assertThat(logged).containsExactly("CONNECT INTERNAL");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aConnectThatAFilterTurnsIntoAGetIsNoTunnel(World.Kind kind) {
        try (World world = kind.create()) {
            ToPeer proxy = new ToPeer(world.peer()) {
                @Override
                public FilterResult requestFilter(Session session, Object state) {
                    session.request().setMethod("GET").setTarget("/");
                    return FilterResult.proceed();
                }
            };
            world.start(HttpProxy.builder(proxy)
                    .options(ProxyOptions.builder().allowConnect(true).build())
                    .build());
            Wire client = world.connect();
            client.send("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n");
            Wire origin = world.accept();
            assertThat(origin.head()).startsWith("GET / ");
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            assertThat(client.head()).startsWith("HTTP/1.1 500 ");
            world.awaitQuiet();
            assertThat(proxy.logged).hasSize(1).first().asString().startsWith("INTERNAL INTERNAL");
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
