package dev.lawu.proxy.behaviour;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.ChunkResult;
import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ResponseSource;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.http.Chunk;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.spi.BodyTee;
import dev.lawu.proxy.spi.ExchangeControl;
import dev.lawu.proxy.spi.ExchangeInterceptor;
import dev.lawu.proxy.spi.Interception;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The seams that a cache needs, each with a toy user. */
class SeamsTest {
    /** What happened at the seams, in order. */
    private final List<String> events = Collections.synchronizedList(new ArrayList<>());

    private final StringBuffer teed = new StringBuffer();

    /** Notes the end; tests add the seam that they are about. */
    private class Toy implements Interception {
        @Override
        public void ended(@Nullable ProxyException error) {
            events.add("ended " + (error == null ? "ok" : error.type()));
        }
    }

    private final class Tee implements BodyTee {
        @Override
        public void data(ByteBuf data) {
            teed.append(data.toString(ISO_8859_1));
            data.release();
        }

        @Override
        public void end(Headers trailers) {
            events.add("tee " + teed + trailers);
        }

        @Override
        public void abort(ProxyException cause) {
            events.add("aborted " + teed + " " + cause.type());
        }
    }

    /** Wants everything that comes back, with the client or without. */
    private class Filler extends Toy {
        @Override
        public BodyTee tee(ResponseHead head) {
            return new Tee();
        }

        @Override
        public boolean continuesWithoutClient() {
            return true;
        }
    }

    private Wire start(World world, ExchangeInterceptor interceptor) {
        world.start(HttpProxy.builder(new ToPeer(world.peer()) {
                    @Override
                    public void logging(Session session, @Nullable ProxyException error, Object state) {
                        ResponseSource source = session.responseSource();
                        events.add("logging " + source);
                    }
                })
                .plugIn(interceptor)
                .build());
        return world.connect();
    }

    private void awaitLogging(World world) {
        world.await(() -> events.stream().anyMatch(e -> e.startsWith("logging")), () -> "logging: " + events);
    }

    private static void get(Wire client) {
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    }

    @ParameterizedTest
    @EnumSource
    void anAnswerInsteadOfGoingUpstream(World.Kind kind) {
        try (World world = kind.create()) {
            CompletableFuture<FilterResult> found = new CompletableFuture<>();
            Wire client = start(world, (session, control) -> new Toy() {
                @Override
                public FilterResult lookup() {
                    events.add("lookup");
                    return FilterResult.async(found);
                }
            });
            get(client);
            world.await(() -> events.contains("lookup"), () -> "a lookup");
            found.complete(FilterResult.respond(LocalResponse.of(200).text("cached")));
            client.until("\r\n\r\ncached");
            awaitLogging(world);
            assertThat(events).containsExactly("lookup", "ended ok", "logging CACHE");
            assertThat(world.accepted()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void theUpstreamCopyIsEditedAndTheClientsIsNot(World.Kind kind) {
        try (World world = kind.create()) {
            Wire client = start(world, (session, control) -> new Toy() {
                @Override
                public void upstreamRequest(UpstreamAttempt attempt, RequestHead head) {
                    head.headers().set("If-None-Match", "\"v1\"");
                    events.add("client's: " + session.request().headers().get("If-None-Match"));
                }
            });
            get(client);
            Wire origin = world.accept();
            assertThat(origin.head()).contains("If-None-Match: \"v1\"\r\n");
            origin.send("HTTP/1.1 304 Not Modified\r\n\r\n");
            client.head();
            awaitLogging(world);
            assertThat(events).containsExactly("client's: null", "ended ok", "logging UPSTREAM");
        }
    }

    @ParameterizedTest
    @EnumSource
    void theUpstreamsResponseIsReplaced(World.Kind kind) {
        try (World world = kind.create()) {
            CompletableFuture<FilterResult> stored = new CompletableFuture<>();
            Wire client = start(world, (session, control) -> new Toy() {
                @Override
                public FilterResult upstreamResponse(UpstreamAttempt attempt, ResponseHead head) {
                    events.add("response " + head.status());
                    return FilterResult.async(stored);
                }
            });
            get(client);
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\npart");
            world.await(() -> events.contains("response 503"), () -> "the response; so far " + events);
            stored.complete(FilterResult.respond(LocalResponse.of(200).text("stale")));
            assertThat(client.head()).startsWith("HTTP/1.1 200 ").contains("Content-Length: 5\r\n");
            assertThat(client.take(5)).isEqualTo("stale");
            origin.rest();
            awaitLogging(world);
            assertThat(events).containsExactly("response 503", "ended ok", "logging CACHE");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aTeeGetsTheBodyWithItsTrailers(World.Kind kind) {
        try (World world = kind.create()) {
            Wire client = start(world, (session, control) -> new Filler());
            get(client);
            Wire origin = world.accept();
            origin.head();
            origin.send(
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n");
            client.head();
            assertThat(Chunked.of(client)).isEqualTo(new Chunked("abcde", "X-T: 1\r\n"));
            awaitLogging(world);
            assertThat(events).hasSize(3).last().isEqualTo("logging UPSTREAM");
            assertThat(events.get(0)).startsWith("tee abcde").contains("X-T");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aTeeIsAbortedWhenTheUpstreamDies(World.Kind kind) {
        try (World world = kind.create()) {
            Wire client = start(world, (session, control) -> new Filler());
            get(client);
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\npart");
            client.until("part");
            origin.close();
            client.rest();
            awaitLogging(world);
            assertThat(events)
                    .containsExactly("aborted part CONNECTION_CLOSED", "ended CONNECTION_CLOSED", "logging UPSTREAM");
        }
    }

    @ParameterizedTest
    @EnumSource
    void anAnswerInsteadOfAnError(World.Kind kind) {
        try (World world = kind.create()) {
            CompletableFuture<FilterResult> stale = new CompletableFuture<>();
            Wire client = start(world, (session, control) -> new Toy() {
                @Override
                public FilterResult error(ProxyException error) {
                    events.add("error " + error.type());
                    return FilterResult.async(stale);
                }
            });
            get(client);
            Wire origin = world.accept();
            origin.head();
            origin.close();
            world.await(() -> !events.isEmpty(), () -> "an error");
            stale.complete(FilterResult.respond(LocalResponse.of(200).text("stale")));
            client.until("\r\n\r\nstale");
            awaitLogging(world);
            assertThat(events).containsExactly("error CONNECTION_CLOSED", "ended CONNECTION_CLOSED", "logging CACHE");
        }
    }

    /** A filter's late result must not bring a response back that has failed already. */
    @ParameterizedTest
    @EnumSource
    void whileAnErrorIsLookedUpNothingElseGoesOn(World.Kind kind) {
        try (World world = kind.create()) {
            CompletableFuture<FilterResult> head = new CompletableFuture<>();
            CompletableFuture<FilterResult> stale = new CompletableFuture<>();
            world.start(HttpProxy.builder(new ToPeer(world.peer()) {
                        @Override
                        public FilterResult upstreamResponseFilter(
                                Session session, UpstreamAttempt attempt, ResponseHead h, Object state) {
                            events.add("head");
                            return FilterResult.async(head);
                        }

                        @Override
                        public ChunkResult requestBodyFilter(Session s, UpstreamAttempt a, Chunk chunk, Object state) {
                            return chunk.isLast()
                                    ? ChunkResult.fail(ProxyException.rejected(400, "bad end"))
                                    : ChunkResult.forward();
                        }
                    })
                    .plugIn((ExchangeInterceptor) (session, control) -> new Toy() {
                        @Override
                        public FilterResult error(ProxyException error) {
                            events.add("error " + error.type());
                            return FilterResult.async(stale);
                        }
                    })
                    .build());
            Wire client = world.connect();
            client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n");
            Wire origin = world.accept();
            origin.until("x\r\n");
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart");
            world.await(() -> events.contains("head"), () -> "the head; so far " + events);
            client.send("0\r\n\r\n");
            world.await(() -> events.contains("error REJECTED"), () -> "an error; so far " + events);
            head.complete(FilterResult.proceed());
            Wire other = world.connect(); // whatever the late result does is done when another connection was served
            other.send("BAD\r\n\r\n");
            other.rest();
            stale.complete(FilterResult.respond(LocalResponse.of(203).text("stale")));
            assertThat(client.head()).startsWith("HTTP/1.1 203 ");
            assertThat(client.take(5)).isEqualTo("stale");
            assertThat(client.text()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void withoutItsClientAnExchangeGoesOnForTheTee(World.Kind kind) {
        try (World world = kind.create()) {
            Wire client = start(world, (session, control) -> new Filler());
            get(client);
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234");
            client.until("01234");
            client.reset();
            world.await(() -> world.server().stats().connections() == 0, () -> "no client");
            assertThat(events).isEmpty();
            origin.send("56789");
            awaitLogging(world);
            assertThat(events.get(0)).startsWith("tee 0123456789");
            assertThat(events)
                    .endsWith("ended CONNECTION_CLOSED", "logging UPSTREAM")
                    .hasSize(3);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aDrainWaitsForExchangesThatHaveNoClient(World.Kind kind) {
        try (World world = kind.create()) {
            Wire client = start(world, (session, control) -> new Filler());
            get(client);
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234");
            client.until("01234");
            client.reset();
            world.await(() -> world.server().stats().connections() == 0, () -> "no client");
            CompletableFuture<Void> shutdown = world.server().shutdown().toCompletableFuture();
            world.elapse(Duration.ofMillis(100));
            assertThat(shutdown).isNotDone();
            assertThat(events).isEmpty();
            origin.send("56789");
            world.await(shutdown::isDone, () -> "the end of the shutdown; so far " + events);
            assertThat(events.get(0)).startsWith("tee 0123456789");
        }
    }

    @ParameterizedTest
    @EnumSource
    void withoutItsClientAnExchangeGoesOnAlsoBeforeTheHead(World.Kind kind) {
        try (World world = kind.create()) {
            Wire client = start(world, (session, control) -> new Filler());
            get(client);
            Wire origin = world.accept();
            origin.head();
            client.reset();
            world.await(() -> world.server().stats().connections() == 0, () -> "no client");
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789");
            awaitLogging(world);
            assertThat(events.get(0)).startsWith("tee 0123456789");
        }
    }

    @ParameterizedTest
    @EnumSource
    void withoutItsClientAnExchangeStillWaitsForWhatDecidesAboutTheHead(World.Kind kind) {
        try (World world = kind.create()) {
            CompletableFuture<FilterResult> decision = new CompletableFuture<>();
            Wire client = start(world, (session, control) -> new Filler() {
                @Override
                public FilterResult upstreamResponse(UpstreamAttempt attempt, ResponseHead head) {
                    events.add("response");
                    return FilterResult.async(decision);
                }
            });
            get(client);
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789");
            world.await(() -> events.contains("response"), () -> "a response");
            client.reset();
            world.await(() -> world.server().stats().connections() == 0, () -> "no client");
            decision.complete(FilterResult.proceed());
            awaitLogging(world);
            assertThat(events.get(1)).startsWith("tee 0123456789");
            assertThat(events).hasSize(4);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSubrequestIsAnExchangeOfItsOwn(World.Kind kind) {
        try (World world = kind.create()) {
            List<Object> contexts = Collections.synchronizedList(new ArrayList<>());
            world.start(HttpProxy.builder(new ToPeer(world.peer()) {
                        @Override
                        public Object newContext(Session session) {
                            Object context = new Object();
                            contexts.add(context);
                            return context;
                        }

                        @Override
                        public void logging(Session session, @Nullable ProxyException error, Object state) {
                            events.add("logging " + session.request().target() + " " + contexts.indexOf(state));
                        }
                    })
                    .plugIn((ExchangeInterceptor) this::refreshing)
                    .build());
            Wire client = world.connect();
            client.send("GET /page HTTP/1.1\r\nHost: a\r\n\r\n");
            client.until("\r\n\r\nstale");
            Wire origin = world.accept();
            assertThat(origin.head()).startsWith("GET /refresh HTTP/1.1\r\n");
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfresh");
            world.await(() -> events.contains("logging /refresh 1"), () -> "the subrequest; so far " + events);
            world.awaitQuiet();
            assertThat(events).contains("logging /page 0", "tee fresh" + Headers.create(), "subrequest ended null");
        }
    }

    private Interception refreshing(Session session, ExchangeControl control) {
        boolean page = session.request().target().equals("/page");
        return new Filler() {
            @Override
            public FilterResult lookup() {
                if (!page) {
                    return FilterResult.proceed();
                }
                control.subrequest(
                        RequestHead.of("GET", "/refresh", "Host", "a"),
                        error -> events.add("subrequest ended " + error));
                return FilterResult.respond(LocalResponse.of(200).text("stale"));
            }
        };
    }

    /** No connection cuts it off, so the end of the drain time must. */
    @ParameterizedTest
    @EnumSource
    void aSubrequestEndsWithTheServer(World.Kind kind) {
        try (World world = kind.create()) {
            Wire client = start(world, (session, control) -> new Toy() {
                @Override
                public FilterResult lookup() {
                    if (session.request().target().equals("/refresh")) {
                        return FilterResult.async(new CompletableFuture<>());
                    }
                    control.subrequest(
                            RequestHead.of("GET", "/refresh", "Host", "a"),
                            error -> events.add("subrequest ended " + error));
                    return FilterResult.respond(LocalResponse.of(200).text("stale"));
                }
            });
            client.send("GET /page HTTP/1.1\r\nHost: a\r\n\r\n");
            client.until("\r\n\r\nstale");
            client.close();
            CompletableFuture<Void> shutdown = world.server().shutdown().toCompletableFuture();
            if (world.isSimulated()) {
                world.elapse(Duration.ofSeconds(31));
            }
            world.await(shutdown::isDone, () -> "the end: " + events);
            assertThat(events)
                    .contains("ended SHUTDOWN")
                    .anyMatch(e -> e.startsWith("subrequest ended INTERNAL SHUTDOWN"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSubrequestOpensNoTunnel(World.Kind kind) {
        try (World world = kind.create()) {
            Wire client = start(world, (session, control) -> new Toy() {
                @Override
                public FilterResult lookup() {
                    if (session.request().target().equals("/refresh")) {
                        return FilterResult.proceed();
                    }
                    try {
                        control.subrequest(RequestHead.of("CONNECT", "a:443", "Host", "a"), error -> {});
                    } catch (IllegalArgumentException e) {
                        events.add("refused");
                    }
                    control.subrequest(
                            RequestHead.of("GET", "/refresh", "Host", "a").setUpgrade("websocket"),
                            error -> events.add("subrequest ended " + error));
                    return FilterResult.respond(LocalResponse.of(200).text("stale"));
                }
            });
            client.send("GET /page HTTP/1.1\r\nHost: a\r\n\r\n");
            client.until("\r\n\r\nstale");
            Wire origin = world.accept();
            assertThat(origin.head()).doesNotContainIgnoringCase("upgrade");
            origin.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
            world.awaitQuiet();
            assertThat(events).contains("refused").anyMatch(e -> e.startsWith("subrequest ended UPSTREAM PROTOCOL"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSubrequestThatFailsTellsWhy(World.Kind kind) {
        try (World world = kind.create()) {
            Wire client = start(world, this::refreshing);
            client.send("GET /page HTTP/1.1\r\nHost: a\r\n\r\n");
            client.until("\r\n\r\nstale");
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nfre");
            world.await(() -> teed.length() == 3, () -> "a part");
            origin.close();
            world.await(
                    () -> events.stream().anyMatch(e -> e.startsWith("subrequest ended UPSTREAM CONNECTION_CLOSED")),
                    () -> "the subrequest's end; so far " + events);
            world.awaitQuiet();
            assertThat(events).contains("aborted fre CONNECTION_CLOSED");
        }
    }
}
