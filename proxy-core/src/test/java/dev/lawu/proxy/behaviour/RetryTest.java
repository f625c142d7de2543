package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.ChunkResult;
import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.RetryDecision;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.http.Chunk;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerSelection;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** When a request is sent again, and when never. */
class RetryTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    /** Wants to retry whatever fails. */
    private static class Eager extends ToPeer {
        final List<String> errors = Collections.synchronizedList(new ArrayList<>());
        RetryDecision decision = RetryDecision.retry();

        Eager(HttpPeer peer) {
            super(peer);
        }

        @Override
        public RetryDecision failToConnect(Session session, UpstreamAttempt attempt, ProxyException error, Object s) {
            errors.add(attempt.number() + " failToConnect " + error.type());
            return decision;
        }

        @Override
        public RetryDecision errorWhileProxy(Session session, UpstreamAttempt attempt, ProxyException error, Object s) {
            errors.add(attempt.number() + " errorWhileProxy " + error.type());
            return decision;
        }
    }

    private static HttpPeer nobody(World world) {
        return HttpPeer.of(world.peer().host(), 1);
    }

    private static Wire reusable(World world, Wire client) {
        client.send("GET /first HTTP/1.1\r\nHost: a\r\n\r\n");
        Wire origin = world.accept();
        origin.head();
        origin.send(OK);
        client.until("ok");
        world.await(() -> world.server().stats().upstreamIdle() == 1, () -> "an idle connection");
        return origin;
    }

    @ParameterizedTest
    @EnumSource
    void aPeerThatCannotBeReachedIsFollowedByAnother(World.Kind kind) {
        try (World world = kind.create()) {
            HttpPeer dead = nobody(world);
            Eager proxy = new Eager(world.peer()) {
                @Override
                public PeerSelection upstreamPeer(Session session, UpstreamAttempt attempt, Object state) {
                    return attempt.number() == 1 ? dead : super.upstreamPeer(session, attempt, state);
                }
            };
            world.start(HttpProxy.of(proxy));
            Wire client = world.connect();
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
            Wire origin = world.accept();
            origin.until("\r\n\r\nbody");
            origin.send(OK);
            client.until("ok");
            assertThat(proxy.errors).containsExactly("1 failToConnect CONNECT");
            assertThat(proxy.logged).containsExactly("ok");
        }
    }

    @ParameterizedTest
    @EnumSource
    void attemptsAreLimited(World.Kind kind) {
        try (World world = kind.create()) {
            Eager proxy = new Eager(nobody(world));
            world.start(HttpProxy.builder(proxy)
                    .options(ProxyOptions.builder().maxAttempts(4).build())
                    .build());
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 502 ");
            assertThat(proxy.errors)
                    .containsExactly(
                            "1 failToConnect CONNECT",
                            "2 failToConnect CONNECT",
                            "3 failToConnect CONNECT",
                            "4 failToConnect CONNECT");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBudgetLimitsTheRetriesOfAllRequests(World.Kind kind) {
        try (World world = kind.create()) {
            Eager proxy = new Eager(nobody(world));
            world.start(HttpProxy.builder(proxy)
                    .options(ProxyOptions.builder()
                            .maxAttempts(2)
                            .retryBudgetPercent(50)
                            .retryBudgetMinimum(2)
                            .build())
                    .build());
            Wire client = world.connect();
            for (int i = 0; i < 6; i++) {
                client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
                assertThat(client.head()).startsWith("HTTP/1.1 502 ");
                client.until("\n");
            }
            // Two for the first two requests, then every other one.
            assertThat(proxy.errors).hasSize(6 + 3);
            assertThat(world.server().stats().retries()).isEqualTo(3);
            assertThat(world.server().stats().retriesRefused()).isEqualTo(3);
            assertThat(world.server().stats().errors()).containsEntry("UPSTREAM CONNECT", 6L);
        }
    }

    /** What the engine refuses, though the proxy wants it, is named in the error's line. */
    @Test
    void theErrorsLineSaysWhyThereWasNoOtherAttempt() {
        PrintStream before = System.err;
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        System.setErr(new PrintStream(log, true));
        try (World world = World.Kind.SIMULATED.create()) {
            world.start(HttpProxy.builder(new Eager(nobody(world)))
                    .options(ProxyOptions.builder().retryBudgetMinimum(0).build())
                    .build());
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 502 ");
        } finally {
            System.setErr(before);
        }
        assertThat(log.toString())
                .contains("UPSTREAM CONNECT")
                .contains("; not sent again: the budget is used up: 0 retries for 1 requests within PT10S");
    }

    @ParameterizedTest
    @EnumSource
    void anAttemptThatTakesTooLongIsFollowedByAnother(World.Kind kind) {
        try (World world = kind.create()) {
            HttpPeer hasty = world.peer()
                    .withOptions(world.peer().options().toBuilder()
                            .attemptTimeout(Duration.ofMillis(200))
                            .build());
            Eager proxy = new Eager(world.peer()) {
                @Override
                public PeerSelection upstreamPeer(Session session, UpstreamAttempt attempt, Object state) {
                    return attempt.number() == 1 ? hasty : super.upstreamPeer(session, attempt, state);
                }
            };
            world.start(HttpProxy.of(proxy));
            Wire client = world.connect();
            client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
            Wire first = world.accept();
            first.until("\r\n\r\nbody");
            first.send("HTTP/1.1 103 Early Hints\r\n\r\n"); // is no response yet
            client.head();
            Wire second = world.accept();
            second.until("\r\n\r\nbody");
            first.rest();
            second.send(OK);
            client.until("ok");
            assertThat(proxy.errors).containsExactly("1 errorWhileProxy ATTEMPT_TIMEOUT");
            assertThat(proxy.logged).containsExactly("ok");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRetryCanWait(World.Kind kind) {
        try (World world = kind.create()) {
            Eager proxy = new Eager(nobody(world));
            proxy.decision = RetryDecision.retryAfter(Duration.ofMillis(30));
            world.start(HttpProxy.of(proxy));
            Wire client = world.connect();
            long before = System.nanoTime();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 502 ");
            assertThat(proxy.errors).hasSize(3);
            if (!world.isSimulated()) {
                assertThat(System.nanoTime() - before).isGreaterThanOrEqualTo(60_000_000);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aClientThatLeavesWhileARetryWaitsEndsTheExchange(World.Kind kind) {
        try (World world = kind.create()) {
            Eager proxy = new Eager(nobody(world));
            proxy.decision = RetryDecision.retryAfter(Duration.ofMinutes(1));
            world.start(HttpProxy.of(proxy));
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            world.await(() -> !proxy.errors.isEmpty(), () -> "a failed attempt");
            client.reset();
            world.await(() -> !proxy.logged.isEmpty(), () -> "logging");
            assertThat(proxy.errors).hasSize(1);
            assertThat(proxy.logged).first().asString().startsWith("DOWNSTREAM CONNECTION_CLOSED");
        }
    }

    @ParameterizedTest
    @EnumSource
    void byDefaultAGetIsSentAgainIfItsReusedConnectionDied(World.Kind kind) {
        try (World world = kind.create()) {
            ToPeer proxy = new ToPeer(world.peer());
            world.start(HttpProxy.of(proxy));
            Wire client = world.connect();
            Wire first = reusable(world, client);
            client.send("GET /second HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(first.head()).startsWith("GET /second ");
            first.close();
            Wire second = world.accept();
            assertThat(second.head()).startsWith("GET /second ").containsOnlyOnce("Via:");
            second.send(OK);
            client.until("ok");
            assertThat(proxy.logged).containsExactly("ok", "ok");
        }
    }

    /** Its connection says that it has probably not been processed; that it may be sent again, only you can say. */
    @ParameterizedTest
    @EnumSource
    void byDefaultAPostIsSentAgainIfItsReusedConnectionDiedAndThatIsAllowed(World.Kind kind) {
        try (World world = kind.create()) {
            ToPeer proxy = new ToPeer(world.peer()) {
                @Override
                public FilterResult requestFilter(Session session, Object state) {
                    if (session.request().path().equals("/allowed")) {
                        session.allowReplay();
                    }
                    return FilterResult.proceed();
                }
            };
            world.start(HttpProxy.of(proxy));
            Wire client = world.connect();
            Wire first = reusable(world, client);
            client.send("POST /allowed HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
            first.until("\r\n\r\nx");
            first.close();
            Wire second = world.accept();
            second.until("\r\n\r\nx");
            second.send(OK);
            client.until("ok");
            world.await(() -> world.server().stats().upstreamIdle() == 1, () -> "an idle connection");
            client.send("POST /not HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\ny");
            second.until("\r\n\r\ny");
            second.close();
            assertThat(client.head()).startsWith("HTTP/1.1 502 ");
            assertThat(world.accepted()).isEqualTo(2);
            assertThat(world.server().stats().retries()).isEqualTo(1);
            assertThat(world.server().stats().retriesRefused()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aPostIsNeverSentTwice(World.Kind kind) {
        try (World world = kind.create()) {
            Eager proxy = new Eager(world.peer());
            world.start(HttpProxy.of(proxy));
            Wire client = world.connect();
            Wire first = reusable(world, client);
            client.send("POST /second HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
            first.until("\r\n\r\nx");
            first.close();
            assertThat(client.head()).startsWith("HTTP/1.1 502 ");
            assertThat(proxy.errors).containsExactly("1 errorWhileProxy CONNECTION_CLOSED");
            assertThat(world.accepted()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aPostIsSentAgainWithItsBodyAndTrailersIfThatIsAllowed(World.Kind kind) {
        try (World world = kind.create()) {
            Eager proxy = new Eager(world.peer()) {
                @Override
                public FilterResult requestFilter(Session session, Object state) {
                    session.allowReplay();
                    return FilterResult.proceed();
                }
            };
            world.start(HttpProxy.of(proxy));
            Wire client = world.connect();
            client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n");
            Wire first = world.accept();
            first.head();
            world.await(() -> first.text().contains("f\r\n"), () -> "the body's first part");
            first.close();
            Wire second = world.accept();
            second.head();
            client.send("3\r\nghi\r\n0\r\nX-T: 1\r\n\r\n");
            assertThat(Chunked.of(second)).isEqualTo(new Chunked("abcdefghi", "X-T: 1\r\n"));
            second.send(OK);
            client.until("ok");
            assertThat(proxy.logged).containsExactly("ok");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBodyBeyondTheReplayBufferIsNotSentAgain(World.Kind kind) {
        try (World world = kind.create()) {
            Eager proxy = new Eager(world.peer());
            world.start(HttpProxy.builder(proxy)
                    .options(ProxyOptions.builder().replayBuffer(8).build())
                    .build());
            for (int length : new int[] {8, 9}) {
                Wire client = world.connect();
                String body = "0123456789".substring(0, length);
                client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: " + length + "\r\n\r\n" + body);
                Wire first = world.accept();
                first.until("\r\n\r\n" + body);
                first.close();
                if (length == 8) {
                    Wire second = world.accept();
                    second.until("\r\n\r\n" + body);
                    second.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
                    client.until("ok");
                } else {
                    assertThat(client.head()).startsWith("HTTP/1.1 502 ");
                }
            }
            assertThat(world.accepted()).isEqualTo(3);
            assertThat(proxy.errors).hasSize(2);
        }
    }

    @ParameterizedTest
    @EnumSource
    void afterAResponseHeadNothingIsSentAgain(World.Kind kind) {
        try (World world = kind.create()) {
            Eager proxy = new Eager(world.peer());
            world.start(HttpProxy.of(proxy));
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart");
            client.until("part");
            origin.close();
            assertThat(client.rest()).isEmpty();
            world.await(() -> !proxy.logged.isEmpty(), () -> "logging");
            assertThat(proxy.errors).isEmpty();
            assertThat(proxy.logged).first().asString().startsWith("UPSTREAM CONNECTION_CLOSED");
            assertThat(world.accepted()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void anInformationalHeadDoesNotPreventAnotherAttempt(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(HttpProxy.of(new Eager(world.peer())));
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire first = world.accept();
            first.head();
            first.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 103 ");
            first.close();
            Wire second = world.accept();
            second.head();
            second.send(OK);
            client.until("ok");
        }
    }

    /** With an idle connection at hand, the next attempt takes the body while the failed one is still being given it. */
    @ParameterizedTest
    @EnumSource
    void aBodyThatFailsInAFilterGoesToTheNextAttemptOnAnIdleConnection(World.Kind kind) {
        try (World world = kind.create()) {
            HttpPeer other = world.peer().withGroup("other");
            Eager proxy = new Eager(world.peer()) {
                @Override
                public PeerSelection upstreamPeer(Session session, UpstreamAttempt attempt, Object state) {
                    boolean put = session.request().method().equals("PUT");
                    return put && attempt.number() == 1 ? other : super.upstreamPeer(session, attempt, state);
                }

                @Override
                public FilterResult requestFilter(Session session, Object state) {
                    return FilterResult.async(session.bufferRequestBody(100).thenApply(b -> FilterResult.proceed()));
                }

                @Override
                public ChunkResult requestBodyFilter(Session session, UpstreamAttempt attempt, Chunk chunk, Object s) {
                    return attempt.number() == 1
                            ? ChunkResult.fail(ProxyException.rejected(400, "the first time"))
                            : ChunkResult.forward();
                }
            };
            world.start(HttpProxy.of(proxy));
            Wire client = world.connect();
            Wire idle = reusable(world, client);
            client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
            idle.head();
            assertThat(Chunked.of(idle).body()).isEqualTo("body");
            idle.send(OK);
            client.until("ok");
            assertThat(proxy.errors).containsExactly("1 errorWhileProxy REJECTED");
        }
    }
}
