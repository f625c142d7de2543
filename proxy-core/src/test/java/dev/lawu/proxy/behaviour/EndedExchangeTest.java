package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.ChunkResult;
import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.HttpFilter;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.RetryDecision;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.http.Chunk;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerSelection;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import io.netty.util.concurrent.AbstractScheduledEventExecutor;
import java.lang.reflect.Field;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What an exchange does after its end: nothing. Its object serves the next request. */
class EndedExchangeTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    /** The response fails while its last chunk is given on, with trailers still to come. */
    @ParameterizedTest
    @EnumSource
    void trailersBehindAFailureDoNotReachTheNextRequest(World.Kind kind) {
        try (World world = kind.create()) {
            ToPeer proxy = new ToPeer(world.peer()) {
                @Override
                public ChunkResult upstreamResponseBodyFilter(
                        Session session, UpstreamAttempt attempt, Chunk chunk, Object state) {
                    return chunk.isLast() ? ChunkResult.forward() : ChunkResult.hold(100);
                }

                @Override
                public ChunkResult responseBodyFilter(Session session, Chunk chunk, Object state) {
                    return session.request().path().equals("/bad")
                            ? ChunkResult.fail(ProxyException.rejected(500, "not this one"))
                            : ChunkResult.forward();
                }
            };
            world.start(HttpProxy.of(proxy));
            Wire first = world.connect();
            first.send("GET /bad HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nX-T: 1\r\n\r\n");
            first.rest();
            world.awaitQuiet();

            Wire second = world.connect();
            second.send("GET /good HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire next = nextOrigin(world, origin);
            next.until("/good");
            next.head();
            next.send(OK);
            second.until("\r\n\r\n");
            second.until("ok");
            world.awaitQuiet();
            assertThat(proxy.logged).hasSize(2).last().isEqualTo("ok");
        }
    }

    /** An adapter that refuses a head throws; in a task of the loop nobody but the exchange can catch that. */
    @ParameterizedTest
    @EnumSource
    void aBugInATaskOfTheLoopEndsTheExchange(World.Kind kind) {
        try (World world = kind.create()) {
            ToPeer proxy = new ToPeer(world.peer()) {
                @Override
                public FilterResult upstreamResponseFilter(
                        Session session, UpstreamAttempt attempt, ResponseHead head, Object state) {
                    head.setUpgrade(null); // no 101 can be framed without
                    CompletableFuture<FilterResult> later = new CompletableFuture<>();
                    session.executor().execute(() -> later.complete(FilterResult.proceed()));
                    return FilterResult.async(later);
                }
            };
            world.start(HttpProxy.of(proxy));
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
            switchProtocols(world.accept());
            client.rest();
            world.awaitQuiet();
            assertThat(proxy.logged).hasSize(1).first().asString().startsWith("INTERNAL INTERNAL");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSwitchThatTheClientDidNotAskForIsAnError(World.Kind kind) {
        try (World world = kind.create()) {
            ToPeer proxy = new ToPeer(world.peer()) {
                @Override
                public FilterResult upstreamRequestFilter(
                        Session session, UpstreamAttempt attempt, RequestHead head, Object state) {
                    head.setUpgrade("websocket");
                    return FilterResult.proceed();
                }

                @Override
                public FilterResult upstreamResponseFilter(
                        Session session, UpstreamAttempt attempt, ResponseHead head, Object state) {
                    CompletableFuture<FilterResult> later = new CompletableFuture<>();
                    session.executor().execute(() -> later.complete(FilterResult.proceed()));
                    return FilterResult.async(later);
                }
            };
            world.start(HttpProxy.of(proxy));
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            switchProtocols(world.accept());
            assertThat(client.head()).startsWith("HTTP/1.1 500 ");
            world.awaitQuiet();
            assertThat(proxy.logged).hasSize(1).first().asString().startsWith("INTERNAL INTERNAL");
        }
    }

    private static void switchProtocols(Wire origin) {
        assertThat(origin.head()).contains("Upgrade: websocket");
        origin.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
    }

    private static final class Unprintable extends RuntimeException {
        private static final long serialVersionUID = 1;

        @Override
        public String getMessage() {
            throw new IllegalStateException("no message");
        }
    }

    @ParameterizedTest
    @EnumSource
    void exceptionsThatCannotBePrintedDoNotKeepAnExchange(World.Kind kind) {
        try (World world = kind.create()) {
            List<String> logged = new CopyOnWriteArrayList<>();
            world.start(HttpProxy.builder(new ToPeer(world.peer()))
                    .filter(new HttpFilter<Object>() {
                        @Override
                        public Object newContext(Session session) {
                            return this;
                        }

                        @Override
                        public FilterResult requestFilter(Session session, Object state) {
                            throw new Unprintable();
                        }

                        @Override
                        public void logging(Session session, @Nullable ProxyException error, Object state) {
                            logged.add(String.valueOf(error));
                            throw new Unprintable();
                        }
                    })
                    .build());
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 500 ");
            world.awaitQuiet();
            assertThat(logged).hasSize(1).first().asString().startsWith("INTERNAL INTERNAL");
        }
    }

    /** How many timers the loop of these sessions has. */
    private static int timers(Executor loop) {
        try {
            Field queue = AbstractScheduledEventExecutor.class.getDeclaredField("scheduledTaskQueue");
            queue.setAccessible(true);
            Collection<?> found = (Collection<?>) queue.get(loop);
            return found == null ? 0 : found.size();
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    /** A delay of an hour, or a retry in a minute, is not waited for when nobody wants it any more. */
    @ParameterizedTest
    @EnumSource(names = {"SIMULATED", "SPLIT"})
    void delaysEndWithTheirExchange(World.Kind kind) {
        try (World world = kind.create()) {
            AtomicReference<Executor> loop = new AtomicReference<>();
            List<String> waiting = new CopyOnWriteArrayList<>();
            HttpPeer nobody = HttpPeer.of(world.peer().host(), 1);
            world.start(HttpProxy.of(new ToPeer(world.peer()) {
                @Override
                public PeerSelection upstreamPeer(Session session, UpstreamAttempt attempt, Object state) {
                    loop.set(session.executor());
                    return session.request().path().equals("/retry")
                            ? nobody
                            : super.upstreamPeer(session, attempt, state);
                }

                @Override
                public RetryDecision failToConnect(
                        Session session, UpstreamAttempt attempt, ProxyException error, Object state) {
                    waiting.add("retry");
                    return RetryDecision.retryAfter(Duration.ofMinutes(1));
                }

                @Override
                public ChunkResult requestBodyFilter(
                        Session session, UpstreamAttempt attempt, Chunk chunk, Object state) {
                    waiting.add("delay");
                    return ChunkResult.delay(Duration.ofHours(1));
                }
            }));
            int before = -1;
            for (int i = 0; i < 20; i++) {
                Wire client = world.connect();
                client.send(
                        i % 2 == 0
                                ? "GET /retry HTTP/1.1\r\nHost: a\r\n\r\n"
                                : "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nb");
                int expected = i + 1;
                world.await(() -> waiting.size() == expected, () -> "something that waits: " + waiting);
                client.reset();
                world.awaitQuiet();
                if (i == 3) {
                    before = timers(loop.get());
                }
            }
            assertThat(timers(loop.get())).isLessThan(before + 10);
        }
    }

    /** The origin's connection, whether the first one was kept or not. */
    private static Wire nextOrigin(World world, Wire first) {
        world.await(() -> world.accepted() == 2 || first.text().contains("/good"), () -> "the second request upstream");
        return world.accepted() == 2 ? world.accept() : first;
    }
}
