package dev.lawu.proxy.behaviour;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.ChunkResult;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.http.Chunk;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What filters do to bodies, and how the result is framed, on both sides. */
class BodyFilterTest {
    private static final String BODY = "0123456789";

    /** What a filter does to a chunk, and what becomes of {@link #BODY}. */
    enum Change {
        FORWARD(BODY),
        GROW("<0><1><2><3><4><5><6><7><8><9>"),
        SHRINK("13579"),
        DROP(""),
        HOLD("[0123456789]"),
        ADD_LAST("0123456789!"),
        DELAY(BODY),
        ASYNC("a0a1a2a3a4a5a6a7a8a9");

        private final String result;

        Change(String result) {
            this.result = result;
        }

        private static ChunkResult replace(String text) {
            return ChunkResult.replace(text.getBytes(ISO_8859_1));
        }

        ChunkResult apply(Chunk chunk, Session session) {
            String text = chunk.toString(ISO_8859_1);
            return switch (this) {
                case FORWARD -> ChunkResult.forward();
                case GROW -> replace(text.replaceAll("(.)", "<$1>"));
                case SHRINK -> replace(text.replaceAll("[02468]", ""));
                case DROP -> ChunkResult.drop();
                case HOLD -> chunk.isLast() ? replace("[" + text + "]") : ChunkResult.hold(BODY.length());
                case ADD_LAST -> chunk.isLast() ? replace(text + "!") : ChunkResult.forward();
                case DELAY -> ChunkResult.delay(Duration.ofMillis(2), ChunkResult.delay(Duration.ofMillis(1)));
                case ASYNC -> {
                    CompletableFuture<ChunkResult> later = new CompletableFuture<>();
                    session.executor().execute(() -> later.complete(replace(text.replaceAll("(.)", "a$1"))));
                    yield ChunkResult.async(later);
                }
            };
        }
    }

    /** Where the filter sits. */
    enum Side {
        REQUEST,
        UPSTREAM_RESPONSE,
        RESPONSE
    }

    /** How the origin frames its response. */
    enum Framing {
        LENGTH,
        CHUNKED,
        CLOSE
    }

    /** How the client asks. */
    enum Client {
        GET,
        HEAD,
        HTTP_1_0
    }

    /** Applies one change on one side. */
    private static ToPeer changing(HttpPeer peer, Side side, Change change, boolean preserves) {
        return switch (side) {
            case REQUEST ->
                new ToPeer(peer) {
                    @Override
                    public ChunkResult requestBodyFilter(
                            Session session, UpstreamAttempt a, Chunk chunk, Object state) {
                        return change.apply(chunk, session);
                    }

                    @Override
                    public boolean preservesLength() {
                        return preserves;
                    }
                };
            case UPSTREAM_RESPONSE ->
                new ToPeer(peer) {
                    @Override
                    public ChunkResult upstreamResponseBodyFilter(
                            Session session, UpstreamAttempt a, Chunk chunk, Object state) {
                        return change.apply(chunk, session);
                    }

                    @Override
                    public boolean preservesLength() {
                        return preserves;
                    }
                };
            case RESPONSE ->
                new ToPeer(peer) {
                    @Override
                    public ChunkResult responseBodyFilter(Session session, Chunk chunk, Object state) {
                        return change.apply(chunk, session);
                    }

                    @Override
                    public boolean preservesLength() {
                        return preserves;
                    }
                };
        };
    }

    private static void awaitLogging(World world, ToPeer proxy) {
        world.await(() -> !proxy.logged.isEmpty(), () -> "logging");
    }

    static Stream<Arguments> requests() {
        return Stream.of(World.Kind.values())
                .flatMap(kind -> Stream.of(Change.values())
                        .flatMap(change -> Stream.of(false, true).map(chunked -> Arguments.of(kind, change, chunked))));
    }

    @ParameterizedTest
    @MethodSource("requests")
    void aRequestBodyIsFramedAnew(World.Kind kind, Change change, boolean chunked) {
        try (World world = kind.create()) {
            ToPeer proxy = changing(world.peer(), Side.REQUEST, change, false);
            world.start(HttpProxy.of(proxy));
            Wire client = world.connect();
            client.send("POST / HTTP/1.1\r\nHost: a\r\n");
            if (chunked) {
                client.send("Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n6\r\n456789\r\n0\r\nX-T: 1\r\n\r\n");
            } else {
                client.send("Content-Length: 10\r\n\r\n0123");
                client.send("456789");
            }
            Wire origin = world.accept();
            assertThat(origin.head()).contains("Transfer-Encoding: chunked\r\n").doesNotContain("Content-Length");
            assertThat(Chunked.of(origin)).isEqualTo(new Chunked(change.result, chunked ? "X-T: 1\r\n" : ""));
            origin.send("HTTP/1.1 204 No Content\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 204 ");
            awaitLogging(world, proxy);
            assertThat(proxy.logged).containsExactly("ok");
        }
    }

    static Stream<Arguments> responses() {
        return Stream.of(World.Kind.values())
                .flatMap(kind -> Stream.of(Side.UPSTREAM_RESPONSE, Side.RESPONSE)
                        .flatMap(side -> Stream.of(Change.values())
                                .flatMap(change -> Stream.of(Framing.values())
                                        .flatMap(framing -> Stream.of(Client.values())
                                                .map(c -> Arguments.of(kind, side, change, framing, c))))));
    }

    @ParameterizedTest
    @MethodSource("responses")
    void aResponseBodyIsFramedAnew(World.Kind kind, Side side, Change change, Framing framing, Client asks) {
        try (World world = kind.create()) {
            ToPeer proxy = changing(world.peer(), side, change, false);
            world.start(HttpProxy.of(proxy));
            Wire client = world.connect();
            client.send(
                    switch (asks) {
                        case GET -> "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
                        case HEAD -> "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
                        case HTTP_1_0 -> "GET / HTTP/1.0\r\nHost: a\r\n\r\n";
                    });
            Wire origin = world.accept();
            origin.head();
            respond(origin, framing, asks == Client.HEAD);
            String head = client.head();
            assertThat(head).startsWith("HTTP/1.1 200 OK\r\n").doesNotContain("Content-Length");
            switch (asks) {
                case GET -> {
                    Chunked body = Chunked.of(client);
                    assertThat(body)
                            .isEqualTo(new Chunked(change.result, framing == Framing.CHUNKED ? "X-T: 1\r\n" : ""));
                }
                case HEAD -> assertThat(client.text()).isEmpty();
                case HTTP_1_0 -> {
                    assertThat(head).doesNotContain("Transfer-Encoding");
                    assertThat(client.rest()).isEqualTo(change.result);
                }
            }
            awaitLogging(world, proxy);
            assertThat(proxy.logged).containsExactly("ok");
        }
    }

    private static void respond(Wire origin, Framing framing, boolean headOnly) {
        origin.send("HTTP/1.1 200 OK\r\n"
                + switch (framing) {
                    case LENGTH -> "Content-Length: 10\r\n\r\n";
                    case CHUNKED -> "Transfer-Encoding: chunked\r\n\r\n";
                    case CLOSE -> "Connection: close\r\n\r\n";
                });
        if (!headOnly) {
            switch (framing) {
                case LENGTH, CLOSE -> origin.send("0123").send("456789");
                case CHUNKED -> origin.send("4\r\n0123\r\n6\r\n456789\r\n").send("0\r\nX-T: 1\r\n\r\n");
            }
        }
        if (framing == Framing.CLOSE) {
            origin.finish();
        }
    }

    @ParameterizedTest
    @EnumSource
    void whoPreservesTheLengthKeepsContentLength(World.Kind kind) {
        for (Side side : Side.values()) {
            try (World world = kind.create()) {
                ToPeer proxy = changing(world.peer(), side, Change.DELAY, true);
                world.start(HttpProxy.of(proxy));
                Wire client = world.connect();
                client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n" + BODY);
                Wire origin = world.accept();
                assertThat(origin.head()).contains("Content-Length: 10\r\n");
                assertThat(origin.take(10)).isEqualTo(BODY);
                origin.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + BODY);
                assertThat(client.head()).contains("Content-Length: 10\r\n");
                assertThat(client.take(10)).isEqualTo(BODY);
                awaitLogging(world, proxy);
                assertThat(proxy.logged).containsExactly("ok");
            }
        }
    }

    static Stream<Arguments> lies() {
        return Stream.of(World.Kind.values())
                .flatMap(kind -> Stream.of(Side.values())
                        .flatMap(side -> Stream.of(Change.GROW, Change.SHRINK, Change.DROP, Change.ADD_LAST)
                                .map(change -> Arguments.of(kind, side, change))));
    }

    @ParameterizedTest
    @MethodSource("lies")
    void whoLiesAboutTheLengthIsResetAndNeverMisframed(World.Kind kind, Side side, Change change) {
        try (World world = kind.create()) {
            ToPeer proxy = changing(world.peer(), side, change, true);
            world.start(HttpProxy.of(proxy));
            Wire client = world.connect();
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n" + BODY);
            Wire origin = world.accept();
            if (side == Side.REQUEST) {
                assertThat(client.head()).startsWith("HTTP/1.1 500 ");
                assertThat(bodyOf(origin.rest()).length()).isLessThan(10);
            } else {
                origin.head();
                origin.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123").send("456789");
                assertThat(bodyOf(client.rest()).length()).isLessThan(10);
            }
            awaitLogging(world, proxy);
            assertThat(proxy.logged)
                    .hasSize(1)
                    .first()
                    .asString()
                    .contains("INTERNAL INTERNAL")
                    .contains("(expected: 10)");
        }
    }

    private static String bodyOf(String message) {
        int end = message.indexOf("\r\n\r\n");
        return end < 0 ? "" : message.substring(end + 4);
    }

    @ParameterizedTest
    @EnumSource
    void aRequestBodyThatIsTooMuchToHoldIs413(World.Kind kind) {
        try (World world = kind.create()) {
            ToPeer proxy = new ToPeer(world.peer()) {
                @Override
                public ChunkResult requestBodyFilter(Session session, UpstreamAttempt a, Chunk chunk, Object state) {
                    return ChunkResult.hold(9);
                }
            };
            world.start(HttpProxy.of(proxy));
            Wire client = world.connect();
            client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n6\r\n456789\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 413 ");
            world.accept().rest();
            awaitLogging(world, proxy);
            assertThat(proxy.logged)
                    .first()
                    .asString()
                    .contains(".requestBodyFilter: ")
                    .contains("at most 9)");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aResponseBodyThatIsTooMuchToHoldIsReset(World.Kind kind) {
        try (World world = kind.create()) {
            ToPeer proxy = new ToPeer(world.peer()) {
                @Override
                public ChunkResult upstreamResponseBodyFilter(
                        Session session, UpstreamAttempt a, Chunk chunk, Object state) {
                    return ChunkResult.hold(9);
                }
            };
            world.start(HttpProxy.of(proxy));
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n0123456789");
            assertThat(client.rest()).doesNotContain("0\r\n\r\n");
            origin.rest();
            awaitLogging(world, proxy);
            assertThat(proxy.logged).first().asString().startsWith("UPSTREAM BODY_TOO_LARGE");
        }
    }

    /** The error comes before anything was sent of the response that it concerns, so it becomes an answer. */
    @ParameterizedTest
    @EnumSource
    void aRequestBodyFilterThatFailsLateStillAnswers(World.Kind kind) {
        try (World world = kind.create()) {
            ToPeer proxy = new ToPeer(world.peer()) {
                @Override
                public ChunkResult requestBodyFilter(Session session, UpstreamAttempt a, Chunk chunk, Object state) {
                    return chunk.isLast()
                            ? ChunkResult.delay(
                                    Duration.ofMillis(1), ChunkResult.fail(ProxyException.rejected(422, "a virus")))
                            : ChunkResult.forward();
                }
            };
            world.start(HttpProxy.of(proxy));
            Wire client = world.connect();
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n" + BODY);
            assertThat(client.head()).startsWith("HTTP/1.1 422 ");
            assertThat(world.accept().rest()).doesNotContain("0\r\n\r\n");
        }
    }

    /** What a trailer filter does, and the body and trailers that come of it. */
    enum TrailerChange {
        EDIT(BODY, "X-T: 1\r\nX-Added: 2\r\n"),
        DROP(BODY, ""),
        REPLACE(BODY + "end", ""),
        DELAY(BODY, "X-T: 1\r\n"),
        ASYNC(BODY, "");

        private final Chunked result;

        TrailerChange(String body, String trailers) {
            result = new Chunked(body, trailers);
        }

        ChunkResult apply(Headers trailers, Session session) {
            return switch (this) {
                case EDIT -> {
                    trailers.add("X-Added", "2");
                    yield ChunkResult.forward();
                }
                case DROP -> ChunkResult.drop();
                case REPLACE -> ChunkResult.replace("end".getBytes(ISO_8859_1));
                case DELAY -> ChunkResult.delay(Duration.ofMillis(1));
                case ASYNC -> {
                    CompletableFuture<ChunkResult> later = new CompletableFuture<>();
                    session.executor().execute(() -> later.complete(ChunkResult.drop()));
                    yield ChunkResult.async(later);
                }
            };
        }
    }

    static Stream<Arguments> trailers() {
        return Stream.of(World.Kind.values())
                .flatMap(kind -> Stream.of(Side.values())
                        .flatMap(side ->
                                Stream.of(TrailerChange.values()).map(change -> Arguments.of(kind, side, change))));
    }

    @ParameterizedTest
    @MethodSource("trailers")
    void trailersAreEditedDroppedOrReplacedByBytes(World.Kind kind, Side side, TrailerChange change) {
        try (World world = kind.create()) {
            ToPeer proxy = new ToPeer(world.peer()) {
                private ChunkResult at(Side here, Headers trailers, Session session) {
                    return here == side ? change.apply(trailers, session) : ChunkResult.forward();
                }

                @Override
                public ChunkResult requestTrailerFilter(Session s, UpstreamAttempt a, Headers trailers, Object state) {
                    return at(Side.REQUEST, trailers, s);
                }

                @Override
                public ChunkResult upstreamResponseTrailerFilter(
                        Session s, UpstreamAttempt a, Headers trailers, Object state) {
                    return at(Side.UPSTREAM_RESPONSE, trailers, s);
                }

                @Override
                public ChunkResult responseTrailerFilter(Session s, Headers trailers, Object state) {
                    return at(Side.RESPONSE, trailers, s);
                }
            };
            world.start(HttpProxy.of(proxy));
            Wire client = world.connect();
            String message = "Transfer-Encoding: chunked\r\n\r\na\r\n" + BODY + "\r\n0\r\nX-T: 1\r\n\r\n";
            Chunked unchanged = new Chunked(BODY, "X-T: 1\r\n");
            client.send("POST / HTTP/1.1\r\nHost: a\r\n" + message);
            Wire origin = world.accept();
            origin.head();
            assertThat(Chunked.of(origin)).isEqualTo(side == Side.REQUEST ? change.result : unchanged);
            origin.send("HTTP/1.1 200 OK\r\n" + message);
            client.head();
            assertThat(Chunked.of(client)).isEqualTo(side == Side.REQUEST ? unchanged : change.result);
            awaitLogging(world, proxy);
            assertThat(proxy.logged).containsExactly("ok");
        }
    }
}
