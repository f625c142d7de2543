package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.lawu.proxy.ChunkResult;
import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ProxyHttp;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.http.Chunk;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How long what callbacks see may be used, and callbacks that block. */
class LifetimeTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    /** The blocking executor of these tests: the test's thread runs the tasks, when it wants to. */
    private final Queue<Runnable> blocking = new ConcurrentLinkedQueue<>();

    private void awaitLogging(World world, ToPeer proxy) {
        world.await(() -> !proxy.logged.isEmpty(), () -> "logging");
    }

    private HttpProxy.Builder blocking(ProxyHttp<?> proxy) {
        return HttpProxy.builder(proxy).blockingExecutor(blocking::add);
    }

    @ParameterizedTest
    @EnumSource
    void aChunkEndsWithItsCallback(World.Kind kind) {
        try (World world = kind.create()) {
            AtomicReference<Chunk> kept = new AtomicReference<>();
            List<ThrowingCallable> uses = new ArrayList<>();
            ToPeer proxy = new ToPeer(world.peer()) {
                @Override
                public ChunkResult responseBodyFilter(Session session, Chunk chunk, Object state) {
                    assertThat(chunk.toString(StandardCharsets.ISO_8859_1)).hasSize(chunk.length());
                    if (kept.compareAndSet(null, chunk)) {
                        Collections.addAll(
                                uses, chunk::length, chunk::copy, () -> chunk.get(0), () -> chunk.indexOf((byte) 1, 0));
                    }
                    return ChunkResult.forward();
                }
            };
            world.start(HttpProxy.of(proxy));
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send(OK);
            client.head();
            assertThat(Chunked.of(client).body()).isEqualTo("ok");
            awaitLogging(world, proxy);
            assertThat(uses).hasSize(4);
            for (ThrowingCallable use : uses) {
                assertThatIllegalStateException().isThrownBy(use).withMessageContaining("chunk");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aChunkIsValidUntilItsPendingResultIsComplete(World.Kind kind) {
        try (World world = kind.create()) {
            AtomicReference<Chunk> kept = new AtomicReference<>();
            CompletableFuture<ChunkResult> later = new CompletableFuture<>();
            world.start(HttpProxy.of(new ToPeer(world.peer()) {
                @Override
                public ChunkResult requestBodyFilter(Session s, UpstreamAttempt a, Chunk chunk, Object state) {
                    return kept.compareAndSet(null, chunk) ? ChunkResult.async(later) : ChunkResult.forward();
                }
            }));
            Wire client = world.connect();
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
            Wire origin = world.accept();
            world.await(() -> kept.get() != null, () -> "a chunk");
            assertThat(kept.get().copy()).containsExactly('x');
            later.complete(ChunkResult.forward());
            origin.head();
            assertThat(Chunked.of(origin).body()).isEqualTo("x");
            assertThatIllegalStateException().isThrownBy(() -> kept.get().copy());
            origin.send(OK);
            client.until("ok");
        }
    }

    @ParameterizedTest
    @EnumSource
    void sessionAndHeadsEndWithLogging(World.Kind kind) {
        try (World world = kind.create()) {
            List<ThrowingCallable> uses = Collections.synchronizedList(new ArrayList<>());
            AtomicReference<Session> kept = new AtomicReference<>();
            ToPeer proxy = new ToPeer(world.peer()) {
                @Override
                public FilterResult upstreamRequestFilter(Session s, UpstreamAttempt a, RequestHead head, Object st) {
                    uses.add(() -> head.headers().get("Host"));
                    return FilterResult.proceed();
                }

                @Override
                public ChunkResult responseTrailerFilter(Session session, Headers trailers, Object state) {
                    uses.add(() -> trailers.get("X-T"));
                    return ChunkResult.forward();
                }

                @Override
                public void logging(Session session, @Nullable ProxyException error, Object state) {
                    RequestHead request = session.request();
                    ResponseHead response = session.response();
                    assertThat(request.headers().get("Host")).isEqualTo("a");
                    assertThat(response.headers().get("Server")).isEqualTo("o");
                    uses.add(() -> request.headers().get("Host"));
                    uses.add(() -> response.headers().get("Server"));
                    uses.add(session::request);
                    uses.add(session::timings);
                    uses.add(() -> session.bufferRequestBody(1));
                    kept.set(session);
                    super.logging(session, error, state);
                }
            };
            world.start(HttpProxy.of(proxy));
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nServer: o\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-T: 1\r\n\r\n");
            client.until("X-T: 1\r\n\r\n");
            awaitLogging(world, proxy);
            world.await(() -> kept.get().isEnded(), () -> "the session's end");
            assertThat(uses).hasSize(7);
            for (ThrowingCallable use : uses) {
                assertThatIllegalStateException().isThrownBy(use);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBlockingCallableThatOutlivesItsClientCanReadWhatItWasGiven(World.Kind kind) {
        try (World world = kind.create()) {
            AtomicReference<Session> kept = new AtomicReference<>();
            AtomicReference<String> read = new AtomicReference<>();
            ToPeer proxy = new ToPeer(world.peer()) {
                @Override
                public FilterResult requestFilter(Session session, Object state) {
                    RequestHead head = session.request();
                    kept.set(session);
                    return FilterResult.blocking(() -> {
                        read.set(session.request().target() + " "
                                + head.headers().get("Host"));
                        return FilterResult.proceed();
                    });
                }
            };
            world.start(blocking(proxy).build());
            Wire client = world.connect();
            client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
            world.await(() -> !blocking.isEmpty(), () -> "a blocking task");
            client.reset();
            awaitLogging(world, proxy);
            assertThat(world.server().stats().blockingRunning()).isEqualTo(1);
            assertThat(kept.get().isEnded()).isFalse();
            blocking.remove().run();
            assertThat(read).hasValue("/x a");
            world.await(() -> kept.get().isEnded(), () -> "the session's end");
            assertThat(proxy.logged).hasSize(1);
            assertThat(world.accepted()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBlockingCallableThatIsTooLateCanStillReadTheResponseHead(World.Kind kind) {
        try (World world = kind.create()) {
            AtomicReference<String> read = new AtomicReference<>();
            ToPeer proxy = new ToPeer(world.peer()) {
                @Override
                public FilterResult upstreamResponseFilter(
                        Session session, UpstreamAttempt attempt, ResponseHead head, Object state) {
                    return FilterResult.blocking(() -> {
                        read.set(head.headers().get("Server"));
                        return FilterResult.proceed();
                    });
                }
            };
            world.start(blocking(proxy)
                    .options(ProxyOptions.builder()
                            .callbackTimeout(Duration.ofMillis(50))
                            .build())
                    .build());
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nServer: o\r\nContent-Length: 2\r\n\r\nok");
            assertThat(client.head()).startsWith("HTTP/1.1 504 ");
            awaitLogging(world, proxy);
            blocking.remove().run();
            assertThat(read).hasValue("o");
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatDoesNotFitIntoTheBlockingQueueIs503(World.Kind kind) {
        try (World world = kind.create()) {
            ToPeer proxy = new ToPeer(world.peer()) {
                @Override
                public FilterResult requestFilter(Session session, Object state) {
                    return FilterResult.blocking(FilterResult::proceed);
                }
            };
            world.start(blocking(proxy)
                    .options(ProxyOptions.builder()
                            .blockingConcurrency(1)
                            .blockingQueue(1)
                            .build())
                    .build());
            List<Wire> clients = new ArrayList<>();
            for (int i = 1; i <= 2; i++) {
                Wire client = world.connect();
                clients.add(client);
                client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
                int count = i;
                world.await(() -> world.server().stats().blockingRunning() == count, () -> count + " tasks");
            }
            Wire third = world.connect();
            third.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(third.head()).startsWith("HTTP/1.1 503 ");
            awaitLogging(world, proxy);
            assertThat(proxy.logged).first().asString().startsWith("INTERNAL OVERLOAD: blocking callbacks: 1 running");
            blocking.remove().run(); // runs the one that waits, too
            for (Wire client : clients) {
                Wire origin = world.accept();
                origin.head();
                origin.send(OK);
            }
            for (Wire client : clients) {
                client.until("ok");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBlockingCallableThatThrowsIsNamed(World.Kind kind) {
        try (World world = kind.create()) {
            ToPeer proxy = new ToPeer(world.peer()) {
                @Override
                public FilterResult proxyUpstreamFilter(Session session, Object state) {
                    return FilterResult.blocking(() -> {
                        throw new java.io.IOException("no database");
                    });
                }
            };
            world.start(HttpProxy.of(proxy));
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 500 ");
            awaitLogging(world, proxy);
            assertThat(proxy.logged)
                    .first()
                    .asString()
                    .contains(".proxyUpstreamFilter: java.io.IOException: no database");
        }
    }

    @Test
    void theWatchdogReportsACallbackThatHoldsTheLoop() {
        try (World world = World.Kind.SOCKETS.create()) {
            CountDownLatch reported = new CountDownLatch(1);
            ToPeer proxy = new ToPeer(world.peer()) {
                @Override
                public FilterResult requestFilter(Session session, Object state) {
                    try {
                        if (session.request().target().equals("/hold") && !reported.await(10, TimeUnit.SECONDS)) {
                            throw new AssertionError("no report");
                        }
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                    return FilterResult.proceed();
                }
            };
            world.start(HttpProxy.builder(proxy)
                    .options(ProxyOptions.builder()
                            .watchdogThreshold(Duration.ofMillis(20))
                            .build())
                    .build());
            assertThat(world.server().stats().watchdogReports()).isZero();
            Wire client = world.connect();
            client.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
            world.await(() -> world.server().stats().watchdogReports() > 0, () -> "a report");
            reported.countDown();
            Wire origin = world.accept();
            origin.head();
            origin.send(OK);
            client.until("ok");
        }
    }
}
