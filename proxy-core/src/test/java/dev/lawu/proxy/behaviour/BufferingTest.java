package dev.lawu.proxy.behaviour;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code bufferRequestBody}: the body is read before the request is routed, and forwarded all the same. */
class BufferingTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    private final AtomicReference<String> seen = new AtomicReference<>();
    private ToPeer proxy;

    private Wire start(World world, int limit) {
        return start(
                world,
                limit,
                (stage, session) -> FilterResult.async(stage.thenApply(body -> {
                    seen.set(new String(body, ISO_8859_1));
                    return FilterResult.proceed();
                })));
    }

    private Wire start(World world, int limit, BiFunction<CompletionStage<byte[]>, Session, FilterResult> filter) {
        proxy = new ToPeer(world.peer()) {
            @Override
            public FilterResult requestFilter(Session session, Object state) {
                return filter.apply(session.bufferRequestBody(limit), session);
            }
        };
        world.start(HttpProxy.builder(proxy)
                .options(ProxyOptions.builder().replayBuffer(4).build())
                .build());
        return world.connect();
    }

    private void awaitLogging(World world) {
        world.await(() -> !proxy.logged.isEmpty(), () -> "logging");
    }

    @ParameterizedTest
    @EnumSource
    void aBodyOfKnownLengthIsForwardedAfterwards(World.Kind kind) {
        try (World world = kind.create()) {
            Wire client = start(world, 10);
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234");
            world.await(() -> world.server().stats().exchanges() == 1, () -> "an exchange");
            assertThat(world.accepted()).isZero();
            client.send("56789");
            Wire origin = world.accept();
            assertThat(origin.head()).contains("Content-Length: 10\r\n");
            assertThat(origin.take(10)).isEqualTo("0123456789");
            assertThat(seen).hasValue("0123456789");
            origin.send(OK);
            client.until("ok");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aChunkedBodyIsForwardedWithItsTrailers(World.Kind kind) {
        try (World world = kind.create()) {
            Wire client = start(world, 10);
            client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "5\r\n01234\r\n4\r\n5678\r\n0\r\nX-T: 1\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            assertThat(Chunked.of(origin)).isEqualTo(new Chunked("012345678", "X-T: 1\r\n"));
            assertThat(seen).hasValue("012345678");
            origin.send(OK);
            client.until("ok");
        }
    }

    /** Whoever completes what he was given does not make the engine believe that the body is there. */
    @ParameterizedTest
    @EnumSource
    void aStageThatTheFilterCompletesLosesNothing(World.Kind kind) {
        int size = kind == World.Kind.SPLIT ? 20_000 : 200_000;
        try (World world = kind.create()) {
            CompletableFuture<FilterResult> decided = new CompletableFuture<>();
            Wire client = start(world, size * 3 / 4, (stage, session) -> {
                CompletableFuture<byte[]> own = stage.toCompletableFuture();
                session.executor().execute(() -> {
                    own.complete(new byte[0]);
                    seen.set("completed");
                });
                return FilterResult.async(decided);
            });
            String half = Bodies.pattern(size / 2);
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + size + "\r\n\r\n" + half);
            world.await(() -> seen.get() != null, () -> "a completion");
            client.send(half);
            world.elapse(Duration.ofMillis(50)); // for all of it to come, if it is read
            decided.complete(FilterResult.proceed());
            Wire origin = world.accept();
            origin.head();
            assertThat(Bodies.take(world, origin, size)).isEqualTo(half + half);
            origin.send(OK);
            client.until("ok");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBlockingCallableMayNotAskForTheBody(World.Kind kind) {
        try (World world = kind.create()) {
            proxy = new ToPeer(world.peer()) {
                @Override
                public FilterResult requestFilter(Session session, Object state) {
                    return FilterResult.blocking(() -> {
                        session.bufferRequestBody(10);
                        return FilterResult.proceed();
                    });
                }
            };
            world.start(HttpProxy.of(proxy));
            Wire client = world.connect();
            client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 500 ");
            awaitLogging(world);
            assertThat(proxy.logged).first().asString().contains("expected: the session's event loop");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRequestWithoutBodyIsNotHeldUp(World.Kind kind) {
        try (World world = kind.create()) {
            Wire client = start(world, 10);
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            assertThat(seen).hasValue("");
            origin.send(OK);
            client.until("ok");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBodyOverTheLimitIsRefused(World.Kind kind) {
        for (String framing : new String[] {
            "Content-Length: 11\r\n\r\n01234567890",
            "Transfer-Encoding: chunked\r\n\r\n" + "6\r\n012345\r\n5\r\n67890\r\n0\r\n\r\n"
        }) {
            try (World world = kind.create()) {
                Wire client = start(world, 10);
                client.send("POST / HTTP/1.1\r\nHost: a\r\n" + framing);
                assertThat(client.head()).startsWith("HTTP/1.1 413 ");
                awaitLogging(world);
                assertThat(proxy.logged).first().asString().startsWith("DOWNSTREAM BODY_TOO_LARGE");
                assertThat(world.accepted()).isZero();
            }
        }
    }

    /** A filter may go on without the body, or not wait for it; then nothing is missing of what is forwarded. */
    @ParameterizedTest
    @EnumSource
    void aBodyOverTheLimitIsForwardedWholeIfTheFilterDoesNotMind(World.Kind kind) {
        for (boolean waits : new boolean[] {true, false}) {
            try (World world = kind.create()) {
                Wire client = start(
                        world,
                        10,
                        (stage, session) -> waits
                                ? FilterResult.async(stage.handle((body, failure) -> FilterResult.proceed()))
                                : FilterResult.proceed());
                client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n");
                client.send("6\r\n567890\r\n");
                Wire origin = world.accept();
                origin.head();
                client.send("3\r\nend\r\n0\r\n\r\n");
                assertThat(Chunked.of(origin).body()).isEqualTo("01234567890end");
                origin.send(OK);
                client.until("ok");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aFilterThatDoesNotWaitForTheBodyLosesNothing(World.Kind kind) {
        try (World world = kind.create()) {
            Wire client = start(world, 10, (stage, session) -> FilterResult.proceed());
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234");
            Wire origin = world.accept();
            assertThat(origin.head()).contains("Content-Length: 10\r\n");
            client.send("56789");
            assertThat(origin.take(10)).isEqualTo("0123456789");
            origin.send(OK);
            client.until("ok");
        }
    }

    @ParameterizedTest
    @EnumSource
    void anExpectationIsAnsweredHereAndNotForwarded(World.Kind kind) {
        try (World world = kind.create()) {
            Wire client = start(world, 10);
            client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 100 ");
            client.send("body");
            Wire origin = world.accept();
            assertThat(origin.head()).doesNotContain("Expect").contains("Content-Length: 4\r\n");
            assertThat(origin.take(4)).isEqualTo("body");
            origin.send("HTTP/1.1 100 Continue\r\n\r\n" + OK);
            assertThat(client.head()).startsWith("HTTP/1.1 200 ");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aClientThatLeavesMidwayEndsTheExchange(World.Kind kind) {
        try (World world = kind.create()) {
            Wire client = start(world, 10);
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234");
            world.await(() -> world.server().stats().exchanges() == 1, () -> "an exchange");
            client.reset();
            awaitLogging(world);
            assertThat(proxy.logged).first().asString().startsWith("DOWNSTREAM CONNECTION_CLOSED");
            assertThat(seen).hasValue(null);
            assertThat(world.accepted()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void anAnswerThatDoesNotWaitForTheBodyIsSentAtOnce(World.Kind kind) {
        try (World world = kind.create()) {
            Wire client = start(
                    world,
                    10,
                    (stage, session) ->
                            FilterResult.respond(LocalResponse.of(403).text("no")));
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234");
            assertThat(client.head()).startsWith("HTTP/1.1 403 ");
            client.until("no");
            awaitLogging(world);
        }
    }
}
