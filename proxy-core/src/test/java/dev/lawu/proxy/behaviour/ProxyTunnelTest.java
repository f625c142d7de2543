package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import dev.lawu.proxy.upstream.ConnectProxy;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerOptions;
import dev.lawu.proxy.upstream.ProxyProtocol;
import java.time.Duration;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Reaching a peer through a proxy by CONNECT (RFC 9110, section 9.3.6). The world's origin plays the proxy. */
class ProxyTunnelTest {
    private static final String GET = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
    private static final String CONNECT = "CONNECT app.test:9000 HTTP/1.1\r\nHost: app.test:9000\r\n\r\n";

    private static ConnectProxy proxy(World world) {
        return ConnectProxy.of(world.peer().host(), world.peer().port());
    }

    private static ToPeer start(World world, PeerOptions.Builder options) {
        return start(world, HttpPeer.of("app.test", 9000), options);
    }

    private static ToPeer start(World world, HttpPeer peer, PeerOptions.Builder options) {
        ToPeer described = new ToPeer(peer.withOptions(options.build()));
        world.start(HttpProxy.of(described));
        return described;
    }

    @ParameterizedTest
    @EnumSource
    void requestsGoThroughTheTunnel(World.Kind kind) {
        try (World world = kind.create()) {
            ToPeer described = start(
                    world,
                    PeerOptions.builder().proxy(proxy(world).withHeader("Proxy-Authorization", "Basic c2VjcmV0")));
            Wire client = world.connect();
            client.send(GET);
            Wire proxy = world.accept();
            assertThat(proxy.head())
                    .isEqualTo("CONNECT app.test:9000 HTTP/1.1\r\nHost: app.test:9000\r\n"
                            + "Proxy-Authorization: Basic c2VjcmV0\r\n\r\n");
            proxy.send("HTTP/1.1 200 Connection established\r\n\r\n");
            for (int i = 0; i < 3; i++) {
                assertThat(proxy.head())
                        .startsWith("GET /x HTTP/1.1\r\nHost: a\r\n")
                        .doesNotContain("Proxy-Authorization");
                proxy.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
                client.until("\r\n\r\nhi");
                client.send(GET);
            }
            proxy.head();
            proxy.send("HTTP/1.1 204 No Content\r\n\r\n");
            client.head();
            world.awaitQuiet();
            assertThat(world.accepted()).isEqualTo(1);
            assertThat(described.logged).containsExactly("ok", "ok", "ok", "ok");
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatTheAnswerSaysOfABodyIsIgnored(World.Kind kind) {
        try (World world = kind.create()) {
            start(world, HttpPeer.of("2001:db8::1", 80), PeerOptions.builder().proxy(proxy(world)));
            Wire client = world.connect();
            client.send(GET);
            Wire proxy = world.accept();
            assertThat(proxy.head()).isEqualTo("CONNECT [2001:db8::1]:80 HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n");
            proxy.send("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.0 299 \r\nContent-Length: 5\r\n\r\n");
            assertThat(proxy.head()).startsWith("GET /x ");
            proxy.send("HTTP/1.1 204 No Content\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 204 ");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    HTTP/1.1 407 Proxy Authentication Required~~ | it answered 407 "Proxy Authentication Required" (expected: 2xx)
                    HTTP/1.1 502~Content-Length: 3~~abc          | it answered 502 "Bad Gateway" (expected: 2xx)
                    HTTP/1.1 101 Switching~Upgrade: x~Connection: upgrade~~ | it answered 101 "Switching" (expected: 2xx)
                    HTTP/1.1 200 OK~~HTTP/1.1 200 OK             | 15 bytes behind the head of its answer (expected: none)
                    HTTP/1.1 200 OK~Bad Name: x~~                | its answer is space-before-colon
                    SSH-2.0-OpenSSH                              | its answer is bad-version
                    """)
    void anyOtherAnswerIsAnError(String answer, String expected) {
        for (World.Kind kind : new World.Kind[] {World.Kind.SIMULATED, World.Kind.SOCKETS}) {
            try (World world = kind.create()) {
                ToPeer described = start(world, PeerOptions.builder().proxy(proxy(world)));
                Wire client = world.connect();
                client.send(GET);
                Wire proxy = world.accept();
                assertThat(proxy.head()).isEqualTo(CONNECT);
                proxy.send(answer.replace("~", "\r\n"));
                assertThat(client.head()).startsWith("HTTP/1.1 502 ");
                proxy.rest();
                world.awaitQuiet();
                assertThat(described.logged)
                        .singleElement()
                        .asString()
                        .startsWith("UPSTREAM PROXY_CONNECT: the proxy " + proxy(world)
                                + " opened no tunnel to app.test:9000: " + expected);
            }
        }
    }

    private static void broken(World.Kind kind, Consumer<Wire> how, String expected) {
        try (World world = kind.create()) {
            ToPeer described = start(world, PeerOptions.builder().proxy(proxy(world)));
            Wire client = world.connect();
            client.send(GET);
            Wire proxy = world.accept();
            proxy.head();
            how.accept(proxy);
            assertThat(client.head()).startsWith("HTTP/1.1 502 ");
            assertThat(described.logged).singleElement().asString().contains("PROXY_CONNECT", expected);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aProxyThatClosesIsAnError(World.Kind kind) {
        broken(kind, Wire::finish, "it closed the connection before its answer");
        broken(kind, Wire::reset, "");
        broken(
                kind,
                proxy -> {
                    proxy.send("HTTP/1.1 200 O");
                    proxy.finish();
                },
                "it closed the connection within its answer");
    }

    @ParameterizedTest
    @EnumSource
    void theAnswerHasADeadline(World.Kind kind) {
        try (World world = kind.create()) {
            Duration limit = world.isSimulated() ? Duration.ofSeconds(9) : Duration.ofMillis(200);
            ToPeer described =
                    start(world, PeerOptions.builder().proxy(proxy(world).withTimeout(limit)));
            Wire client = world.connect();
            client.send(GET);
            Wire proxy = world.accept();
            proxy.head();
            proxy.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 20");
            assertThat(client.head()).startsWith("HTTP/1.1 504 ");
            proxy.rest();
            assertThat(described.logged)
                    .containsExactly("UPSTREAM CONNECT_TIMEOUT: the proxy " + proxy(world)
                            + " did not answer CONNECT app.test:9000 within " + limit.toMillis() + " ms");
        }
    }

    @ParameterizedTest
    @EnumSource
    void thePeerIsToldOfTheClientWithinTheTunnel(World.Kind kind) {
        try (World world = kind.create()) {
            start(world, PeerOptions.builder().proxy(proxy(world)).proxyProtocol(ProxyProtocol.V1));
            Wire client = world.connect();
            client.send(GET);
            Wire proxy = world.accept();
            assertThat(proxy.head()).isEqualTo(CONNECT);
            assertThat(proxy.text()).isEmpty();
            proxy.send("HTTP/1.1 200 OK\r\n\r\n");
            assertThat(proxy.head()).matches("PROXY TCP4 [0-9.]+ [0-9.]+ \\d+ \\d+\r\nGET /x (?s:.*)");
            proxy.send("HTTP/1.1 204 No Content\r\n\r\n");
            client.head();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aClientThatLeavesEndsTheTunnel(World.Kind kind) {
        try (World world = kind.create()) {
            start(world, PeerOptions.builder().proxy(proxy(world)));
            Wire client = world.connect();
            client.send(GET);
            Wire proxy = world.accept();
            proxy.head();
            client.close();
            proxy.rest();
            world.awaitQuiet();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aNameThatCouldEndTheRequestIsRefused(World.Kind kind) {
        try (World world = kind.create()) {
            start(
                    world,
                    HttpPeer.of("app.test\r\nX: y", 80),
                    PeerOptions.builder().proxy(proxy(world)));
            Wire client = world.connect();
            client.send(GET);
            assertThat(client.head()).startsWith("HTTP/1.1 502 ");
            assertThat(world.accept().rest()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aUnixSocketBehindAProxyIsRefused(World.Kind kind) {
        try (World world = kind.create()) {
            ToPeer described = start(
                    world, HttpPeer.unix("/run/app.sock"), PeerOptions.builder().proxy(proxy(world)));
            Wire client = world.connect();
            client.send(GET);
            assertThat(client.head()).startsWith("HTTP/1.1 500 ");
            assertThat(described.logged)
                    .containsExactly("INTERNAL CONNECT: unix:/run/app.sock: a Unix-domain socket behind a proxy"
                            + " (expected: HOST:PORT)");
        }
    }
}
