package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.ChunkResult;
import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.HttpFilter;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.http.Chunk;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How the ends of messages are found and told, for each version and framing (RFC 9112, section 6). */
class FramingTest {
    private static final String GET = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";

    @ParameterizedTest
    @EnumSource
    void responsesWithoutBodiesEndAtTheirHeads(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            assertThat(origin.head()).startsWith("HEAD /x HTTP/1.1\r\n");
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
            assertThat(client.head()).contains("Content-Length: 1000\r\n");
            client.send("HEAD /y HTTP/1.1\r\nHost: a\r\n\r\n");
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 200 OK\r\n").doesNotContain("Content-Length");
            client.send(GET);
            origin.head();
            origin.send("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\nETag: \"e\"\r\n\r\n");
            assertThat(client.head())
                    .startsWith("HTTP/1.1 304 Not Modified\r\n")
                    .contains("ETag: \"e\"\r\n");
            client.send(GET);
            origin.head();
            origin.send("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n");
            assertThat(client.head())
                    .startsWith("HTTP/1.1 204 No Content\r\n")
                    .doesNotContain("Content-Length")
                    .doesNotContain("Transfer-Encoding");
            client.send(GET);
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            assertThat(client.head()).contains("Content-Length: 0\r\n");
            assertThat(client.text()).isEmpty();
            assertThat(world.accepted()).isEqualTo(1);
        }
    }

    /** The length of a 304, or of an answer to HEAD, is that of a body which did not come. */
    @ParameterizedTest
    @EnumSource
    void aBodylessAnswerThatAFilterGivesABodyIsFramedAnew(World.Kind kind) {
        for (boolean filtered : new boolean[] {false, true}) {
            try (World world = kind.create()) {
                ToPeer proxy = new ToPeer(world.peer()) {
                    @Override
                    public FilterResult upstreamRequestFilter(
                            Session session, UpstreamAttempt attempt, RequestHead head, Object state) {
                        head.setMethod(session.request().path().equals("/head") ? "HEAD" : "GET");
                        return FilterResult.proceed();
                    }

                    @Override
                    public FilterResult responseFilter(Session session, ResponseHead head, Object state) {
                        head.setStatus(200);
                        return FilterResult.proceed();
                    }
                };
                HttpProxy.Builder builder = HttpProxy.builder(proxy);
                if (filtered) {
                    builder.filter(new HttpFilter<Object>() {
                        @Override
                        public Object newContext(Session session) {
                            return this;
                        }

                        @Override
                        public boolean preservesLength() {
                            return true;
                        }

                        @Override
                        public ChunkResult responseBodyFilter(Session session, Chunk chunk, Object state) {
                            return ChunkResult.forward();
                        }
                    });
                }
                world.start(builder.build());
                Wire client = world.connect();
                client.send("GET /unchanged HTTP/1.1\r\nHost: a\r\n\r\n");
                Wire origin = world.accept();
                origin.head();
                origin.send("HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n");
                assertEmpty(client, filtered);
                client.send("GET /head HTTP/1.1\r\nHost: a\r\n\r\n");
                assertThat(origin.head()).startsWith("HEAD /head ");
                origin.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
                assertEmpty(client, filtered);
                world.awaitQuiet();
                assertThat(proxy.logged).containsExactly("ok", "ok");
            }
        }
    }

    private static void assertEmpty(Wire client, boolean filtered) {
        String head = client.head();
        assertThat(head).startsWith("HTTP/1.1 200 OK\r\n");
        if (filtered) {
            assertThat(head).contains("Transfer-Encoding: chunked");
            assertThat(Chunked.of(client).body()).isEmpty();
        } else {
            assertThat(head).contains("Content-Length: 0\r\n");
        }
    }

    @ParameterizedTest
    @EnumSource
    void chunkExtensionsEndHereAndTrailersGoOn(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n"
                    + "3;name=value;q=\"a\\\"b\"\r\nabc\r\n0;last\r\nX-T: 1\r\nX-U: 2\r\n\r\n");
            Wire origin = world.accept();
            assertThat(origin.head()).contains("Transfer-Encoding: chunked\r\n").contains("Trailer: X-T\r\n");
            assertThat(Bodies.chunked(origin)).isEqualTo("abc|X-T: 1|X-U: 2");
            origin.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "2;ext\r\nhi\r\n1\r\n!\r\n0\r\nX-R: 2\r\n\r\n");
            assertThat(client.head()).contains("Transfer-Encoding: chunked\r\n");
            assertThat(Bodies.chunked(client)).isEqualTo("hi!|X-R: 2");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBodyThatEndsWithItsConnectionBecomesChunked(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send(GET);
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nX: y\r\n\r\nall of it");
            assertThat(client.head()).contains("Transfer-Encoding: chunked\r\n");
            origin.close();
            assertThat(Bodies.chunked(client)).isEqualTo("all of it");
            client.send(GET); // the client's connection goes on
            assertThat(world.accept().head()).startsWith("GET /x ");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aHttp10ClientGetsNoChunksNoTrailersAndNoInterimResponses(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send("GET /old HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
            Wire origin = world.accept();
            assertThat(origin.head()).startsWith("GET /old HTTP/1.1\r\n").contains("Via: 1.0 lawu\r\n");
            origin.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                    + "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: t\r\n\r\n");
            assertThat(client.head())
                    .startsWith("HTTP/1.1 200 OK\r\n")
                    .doesNotContain("chunked")
                    .contains("Connection: close\r\n");
            assertThat(client.rest()).isEqualTo("abc");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aHttp10ClientKeepsItsConnectionOnlyIfItAsks(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send("GET /1 HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            assertThat(client.head()).containsIgnoringCase("Connection: keep-alive\r\n");
            assertThat(client.take(2)).isEqualTo("ok");
            client.send("GET /2 HTTP/1.0\r\n\r\n");
            assertThat(origin.head()).startsWith("GET /2 ");
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            assertThat(client.head()).contains("Connection: close\r\n");
            assertThat(client.rest()).isEqualTo("ok");
            assertThat(client.isReset()).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aHttp10OriginIsReusedOnlyIfItSaysSo(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send(GET);
            Wire first = world.accept();
            first.head();
            first.send("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok");
            assertThat(client.head()).startsWith("HTTP/1.1 200 OK\r\n").doesNotContain("close");
            client.take(2);
            first.rest();
            client.send(GET);
            Wire second = world.accept();
            second.head();
            second.send("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok");
            client.head();
            client.take(2);
            client.send(GET);
            second.head();
            second.send("HTTP/1.0 200 OK\r\n\r\nuntil the end");
            assertThat(client.head()).contains("Transfer-Encoding: chunked\r\n");
            second.finish();
            assertThat(Bodies.chunked(client)).isEqualTo("until the end");
        }
    }

    @ParameterizedTest
    @EnumSource
    void requestFramingIsKept(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send("PUT /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
            Wire origin = world.accept();
            assertThat(origin.head()).contains("Content-Length: 4\r\n").doesNotContain("Transfer-Encoding");
            assertThat(origin.take(4)).isEqualTo("body");
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            client.head();
            client.send("POST /2 HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(origin.head()).contains("Content-Length: 0\r\n");
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            client.head();
            client.send("DELETE /3 HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(origin.head()).doesNotContain("Content-Length").doesNotContain("Transfer-Encoding");
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            client.head();
            client.send("DELETE /4 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
            assertThat(origin.head()).contains("Transfer-Encoding: chunked\r\n").doesNotContain("Content-Length");
            assertThat(Bodies.chunked(origin)).isEmpty();
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            client.head();
            assertThat(world.accepted()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aLargeBodyGoesEachWay(World.Kind kind) {
        int size = kind == World.Kind.SPLIT ? 200_000 : 3_000_000;
        String body = Bodies.pattern(size);
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send("PUT /up HTTP/1.1\r\nHost: a\r\nContent-Length: " + size + "\r\n\r\n" + body);
            Wire origin = world.accept();
            origin.head();
            assertThat(Bodies.take(world, origin, size)).isEqualTo(body);
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\n\r\n" + body);
            client.head();
            assertThat(Bodies.take(world, client, size)).isEqualTo(body);
        }
    }
}
