package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.ProxyHttp;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerSelection;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Requests and responses of every framing, carried whole. */
class ForwardingTest {
    static HttpProxy to(HttpPeer peer) {
        return HttpProxy.of(new ProxyHttp<Object>() {
            @Override
            public Object newContext(Session session) {
                return this;
            }

            @Override
            public PeerSelection upstreamPeer(Session session, UpstreamAttempt attempt, Object state) {
                return peer;
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void aGetIsForwardedAndItsConnectionsAreReused(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(to(world.peer()));
            Wire client = world.connect();
            client.send("GET /a?b HTTP/1.1\r\nHost: example.com\r\nX-Odd-Case: v\r\n\r\n");
            Wire origin = world.accept();
            assertThat(origin.head())
                    .startsWith("GET /a?b HTTP/1.1\r\nHost: example.com\r\nX-Odd-Case: v\r\n")
                    .contains("Via: 1.1 lawu\r\n")
                    .contains("X-Forwarded-Host: example.com\r\n");
            origin.send("HTTP/1.1 200 Fine\r\nContent-Length: 5\r\nServer: o\r\n\r\nhello");
            assertThat(client.head()).startsWith("HTTP/1.1 200 Fine\r\nContent-Length: 5\r\nServer: o\r\n");
            assertThat(client.take(5)).isEqualTo("hello");
            client.send("GET /again HTTP/1.1\r\nHost: example.com\r\n\r\n");
            assertThat(origin.head()).startsWith("GET /again HTTP/1.1\r\n");
            origin.send("HTTP/1.1 204 No Content\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 204 No Content\r\n");
            assertThat(world.accepted()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void chunkedBodiesAndTrailersGoBothWays(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(to(world.peer()));
            Wire client = world.connect();
            client.send(
                    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n");
            Wire origin = world.accept();
            assertThat(origin.head()).contains("Transfer-Encoding: chunked\r\n");
            assertThat(origin.until("0\r\nX-T: 1\r\n\r\n")).contains("abc");
            origin.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-R: 2\r\n\r\n");
            assertThat(client.head()).contains("Transfer-Encoding: chunked\r\n");
            assertThat(client.until("0\r\nX-R: 2\r\n\r\n")).contains("hi");
        }
    }
}
