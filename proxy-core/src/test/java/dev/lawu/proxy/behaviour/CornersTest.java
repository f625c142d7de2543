package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.ChunkResult;
import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ProxyHttp;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.RetryDecision;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.TrustedProxies;
import dev.lawu.proxy.http.Chunk;
import dev.lawu.proxy.http.FieldSection;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.spi.ExchangeControl;
import dev.lawu.proxy.spi.ExchangeInterceptor;
import dev.lawu.proxy.spi.Interception;
import dev.lawu.proxy.testing.SimulatedConnection;
import dev.lawu.proxy.testing.Simulation;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerSelection;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Corners where two things meet that each work alone: what was wrong there once stays mended. */
class CornersTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    /** Forwards everything to one peer; each test overrides what it is about. */
    private static class Plain implements ProxyHttp<Object> {
        private final HttpPeer peer;

        Plain(HttpPeer peer) {
            this.peer = peer;
        }

        @Override
        public Object newContext(Session session) {
            return this;
        }

        @Override
        public PeerSelection upstreamPeer(Session session, UpstreamAttempt attempt, Object state) {
            return peer;
        }
    }

    private static World world() {
        return World.Kind.SIMULATED.create();
    }

    @Test
    void whatARequestFilterSetIsNotTakenAwayByTheClientsConnectionField() {
        try (World world = world()) {
            world.start(HttpProxy.of(new Plain(world.peer()) {
                @Override
                public FilterResult requestFilter(Session session, Object state) {
                    session.request().headers().set("X-User", "alice");
                    return FilterResult.proceed();
                }
            }));
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: X-User, TE, X-Gone\r\nX-User: root\r\n"
                    + "X-Gone: 1\r\nTE: trailers, deflate\r\n\r\n");
            Wire origin = world.accept();
            assertThat(origin.head())
                    .contains("\r\nX-User: alice\r\n")
                    .contains("\r\nTE: trailers\r\n")
                    .doesNotContain("X-Gone")
                    .doesNotContain("root");
            origin.send(OK);
            client.head();
        }
    }

    @Test
    void aHostCannotAddElementsToForwarded() {
        try (World world = world()) {
            world.start(HttpProxy.of(new Plain(world.peer())));
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a;proto=https,for=10.0.0.1\r\n\r\n");
            Wire origin = world.accept();
            assertThat(origin.head()).contains(";host=\"a;proto=https,for=10.0.0.1\";proto=http\r\n");
            origin.send(OK);
            client.head();
        }
    }

    @Test
    void aProducerThatWritesAndEndsAtOnceLosesNothingBehindASlowFilter() {
        try (World world = world()) {
            world.start(HttpProxy.of(new Plain(world.peer()) {
                @Override
                public FilterResult requestFilter(Session session, Object state) {
                    return FilterResult.respond(LocalResponse.of(200).body(sink -> {
                        sink.write("abc".getBytes(StandardCharsets.US_ASCII));
                        sink.write("def".getBytes(StandardCharsets.US_ASCII));
                        sink.end();
                    }));
                }

                @Override
                public ChunkResult responseBodyFilter(Session session, Chunk chunk, Object state) {
                    return ChunkResult.delay(Duration.ofMillis(10));
                }
            }));
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            client.head();
            assertThat(client.until("0\r\n\r\n")).isEqualTo("3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n");
        }
    }

    @Test
    void anAttemptThatFailsWhileItIsGivenTheBodyIsFollowedByOneThatGetsAll() {
        try (World world = world()) {
            HttpPeer other = world.peer().withGroup("other");
            world.start(HttpProxy.of(new Plain(world.peer()) {
                @Override
                public PeerSelection upstreamPeer(Session session, UpstreamAttempt attempt, Object state) {
                    boolean first = session.request().method().equals("POST") && attempt.number() == 1;
                    return first ? other : world.peer();
                }

                @Override
                public FilterResult requestFilter(Session session, Object state) {
                    return FilterResult.async(session.bufferRequestBody(100).thenApply(body -> FilterResult.proceed()));
                }

                @Override
                public ChunkResult requestBodyFilter(
                        Session session, UpstreamAttempt attempt, Chunk chunk, Object state) {
                    return attempt.number() == 1
                            ? ChunkResult.fail(ProxyException.internal(ErrorType.REJECTED, "try again", null)
                                    .retryable())
                            : ChunkResult.forward();
                }
            }));
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire idle = world.accept();
            idle.head();
            idle.send(OK);
            client.head();
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
            idle.head();
            assertThat(idle.until("abc")).contains("abc");
            idle.send(OK);
            client.head();
        }
    }

    @Test
    void headsThatALateResultCanStillReachAreNotUsedAgain() {
        try (World world = world()) {
            List<FieldSection> sections = new ArrayList<>();
            world.start(HttpProxy.of(new Plain(world.peer()) {
                @Override
                public FilterResult requestFilter(Session session, Object state) {
                    sections.add(session.request().headers().section());
                    return FilterResult.async(new CompletableFuture<>()); // whoever would complete it may read on
                }
            }));
            for (int i = 1; i <= 2; i++) {
                Wire client = world.connect();
                client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
                int count = i;
                world.await(() -> sections.size() == count, () -> "a request");
                client.reset();
                world.awaitQuiet();
            }
            assertThat(sections.get(1)).isNotSameAs(sections.get(0));
        }
    }

    @Test
    void aReplacedHeadStaysValidUntilTheCallableThatReadsItReturns() {
        try (World world = world()) {
            List<Runnable> tasks = new ArrayList<>();
            List<ResponseHead> heads = new ArrayList<>();
            Plain proxy = new Plain(world.peer()) {
                @Override
                public FilterResult responseFilter(Session session, ResponseHead head, Object state) {
                    heads.add(head);
                    return heads.size() == 1 ? FilterResult.blocking(FilterResult::proceed) : FilterResult.proceed();
                }
            };
            world.start(HttpProxy.builder(proxy)
                    .options(ProxyOptions.builder()
                            .callbackTimeout(Duration.ofSeconds(1))
                            .build())
                    .blockingExecutor(tasks::add)
                    .build());
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send(OK);
            assertThat(client.head()).startsWith("HTTP/1.1 504 ");
            boolean retired = heads.get(0).headers().isRetired();
            tasks.forEach(Runnable::run);
            assertThat(retired).isFalse();
        }
    }

    @Test
    void aRequestThatAFilterMadeAPostIsNotSentTwice() {
        try (World world = world()) {
            world.start(HttpProxy.of(new Plain(world.peer()) {
                @Override
                public FilterResult upstreamRequestFilter(
                        Session session, UpstreamAttempt attempt, RequestHead head, Object state) {
                    head.setMethod("POST");
                    return FilterResult.proceed();
                }

                @Override
                public RetryDecision errorWhileProxy(
                        Session session, UpstreamAttempt attempt, ProxyException error, Object state) {
                    return RetryDecision.retry();
                }
            }));
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.close();
            assertThat(client.head()).startsWith("HTTP/1.1 502 ");
            assertThat(world.accepted()).isEqualTo(1);
        }
    }

    @Test
    void aConnectionThatTookTheLastOnesPlaceIsPooled() {
        try (World world = world()) {
            HttpPeer first = world.peer().withGroup("first");
            HttpPeer narrow = world.peer()
                    .withOptions(world.peer().options().toBuilder()
                            .maxConnectionsPerPeer(1)
                            .build());
            world.start(HttpProxy.of(new Plain(narrow) {
                @Override
                public PeerSelection upstreamPeer(Session session, UpstreamAttempt attempt, Object state) {
                    return session.request().target().equals("/first") && attempt.number() == 1 ? first : narrow;
                }
            }));
            Wire client = world.connect();
            Wire one = exchange(world, client, "/first");
            exchange(world, client, "/");
            client.send("GET /first HTTP/1.1\r\nHost: a\r\n\r\n");
            one.head();
            one.close(); // so the next attempt wants a new connection where only one may be
            Wire third = world.accept();
            third.head();
            third.send(OK);
            client.head();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            third.head();
            third.send(OK);
            client.head();
            assertThat(world.accepted()).isEqualTo(3);
        }
    }

    private static Wire exchange(World world, Wire client, String target) {
        client.send("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
        Wire origin = world.accept();
        origin.head();
        origin.send(OK);
        client.head();
        return origin;
    }

    @Test
    void aStreamWhoseNextReadIsRefusedIsClosed() {
        try (World world = world()) {
            List<String> events = new ArrayList<>();
            Plain proxy = new Plain(world.peer()) {
                @Override
                public FilterResult requestFilter(Session session, Object state) {
                    InputStream in = new ByteArrayInputStream(new byte[100_000]) {
                        @Override
                        public void close() {
                            events.add("closed");
                        }
                    };
                    return FilterResult.respond(LocalResponse.of(200).stream(() -> in, -1));
                }
            };
            world.start(HttpProxy.builder(proxy)
                    .blockingExecutor(task -> {
                        events.add("task");
                        if (events.size() == 2 || events.size() == 3) {
                            throw new RejectedExecutionException("full");
                        }
                        task.run();
                    })
                    .build());
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            client.rest();
            world.await(() -> events.contains("closed"), () -> "the stream closed; found " + events);
        }
    }

    @Test
    void nothingIsCalledAfterLoggingWhenTheBodyToBufferEndsTooEarly() {
        try (World world = world()) {
            List<String> calls = new ArrayList<>();
            CompletableFuture<FilterResult> first = new CompletableFuture<>();
            Plain proxy = new Plain(world.peer()) {
                @Override
                public FilterResult earlyRequestFilter(Session session, Object state) {
                    return FilterResult.async(first);
                }

                @Override
                public FilterResult requestFilter(Session session, Object state) {
                    calls.add("requestFilter");
                    FilterResult result = FilterResult.async(
                            session.bufferRequestBody(100).handle((body, failure) -> FilterResult.proceed()));
                    calls.add("requestFilter returns");
                    return result;
                }

                @Override
                public PeerSelection upstreamPeer(Session session, UpstreamAttempt attempt, Object state) {
                    calls.add("upstreamPeer");
                    return super.upstreamPeer(session, attempt, state);
                }

                @Override
                public void logging(Session session, @Nullable ProxyException error, Object state) {
                    calls.add("logging");
                }
            };
            world.start(HttpProxy.builder(proxy)
                    .options(ProxyOptions.builder().halfClose(true).build())
                    .build());
            Wire client = world.connect();
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
            client.finish();
            world.elapse(Duration.ofSeconds(1));
            first.complete(FilterResult.proceed());
            world.await(() -> calls.contains("logging"), () -> "logging; found " + calls);
            world.elapse(Duration.ofSeconds(1));
            assertThat(calls).containsExactly("requestFilter", "requestFilter returns", "logging");
        }
    }

    @Test
    void aRequestWithoutHostIsSentOnWithThePeers() {
        try (World world = world()) {
            world.start(HttpProxy.of(new Plain(world.peer())));
            Wire client = world.connect();
            client.send("GET / HTTP/1.0\r\n\r\n");
            Wire origin = world.accept();
            assertThat(origin.head()).contains("\r\nHost: " + world.peer() + "\r\n");
            origin.send(OK);
            client.head();
        }
    }

    @Test
    void anInterimResponseOfAnAttemptThatFailedIsForgotten() {
        try (World world = world()) {
            CompletableFuture<FilterResult> late = new CompletableFuture<>();
            world.start(HttpProxy.of(new Plain(world.peer()) {
                @Override
                public FilterResult upstreamResponseFilter(
                        Session session, UpstreamAttempt attempt, ResponseHead head, Object state) {
                    return head.isInformational() ? FilterResult.async(late) : FilterResult.proceed();
                }

                @Override
                public ChunkResult requestBodyFilter(
                        Session session, UpstreamAttempt attempt, Chunk chunk, Object state) {
                    return chunk.isLast() && attempt.number() == 1
                            ? ChunkResult.fail(ProxyException.internal(ErrorType.REJECTED, "try again", null)
                                    .retryable())
                            : ChunkResult.forward();
                }
            }));
            Wire client = world.connect();
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
            Wire one = world.accept();
            one.until("abc");
            one.send("HTTP/1.1 103 Early Hints\r\n\r\n");
            world.elapse(Duration.ofSeconds(1));
            client.send("def");
            Wire two = world.accept();
            two.until("abcdef");
            late.complete(FilterResult.proceed());
            world.elapse(Duration.ofSeconds(1));
            two.send(OK);
            assertThat(client.head()).startsWith("HTTP/1.1 200 ");
        }
    }

    @Test
    void whatCameBeforeTheTunnelWasReadyGoesThroughIt() {
        try (World world = world()) {
            CompletableFuture<FilterResult> ready = new CompletableFuture<>();
            world.start(HttpProxy.of(new Plain(world.peer()) {
                @Override
                public FilterResult responseFilter(Session session, ResponseHead head, Object state) {
                    return FilterResult.async(ready);
                }
            }));
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhi");
            origin.finish();
            world.elapse(Duration.ofSeconds(1));
            ready.complete(FilterResult.proceed());
            client.until("\r\n\r\nhi");
            client.send("and you");
            assertThat(origin.until("and you")).endsWith("and you");
        }
    }

    @Test
    void aResolverThatThrowsFailsTheAttempt() {
        try (Simulation simulation = Simulation.create()) {
            SimulatedConnection client = simulation.connect(simulation
                    .start(
                            HttpProxy.of(new Plain(HttpPeer.of("origin.test", 80))),
                            settings -> settings.resolver(host -> {
                                throw new IllegalStateException("no");
                            }))
                    .address());
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            simulation.run();
            assertThat(new String(client.receivedBytes(), StandardCharsets.US_ASCII))
                    .startsWith("HTTP/1.1 502 ");
        }
    }

    @Test
    void noTrailerFilterIsCalledOnceTheLastBytesHaveFailed() {
        try (World world = world()) {
            List<String> calls = new ArrayList<>();
            world.start(HttpProxy.of(new Plain(world.peer()) {
                @Override
                public FilterResult responseFilter(Session session, ResponseHead head, Object state) {
                    head.headers().set("Content-Length", "2");
                    return FilterResult.proceed();
                }

                @Override
                public boolean preservesLength() {
                    return true;
                }

                @Override
                public ChunkResult responseBodyFilter(Session session, Chunk chunk, Object state) {
                    return ChunkResult.hold(100);
                }

                @Override
                public ChunkResult responseTrailerFilter(Session session, Headers trailers, Object state) {
                    calls.add("trailers");
                    return ChunkResult.forward();
                }

                @Override
                public void logging(Session session, @Nullable ProxyException error, Object state) {
                    calls.add("logging");
                }
            }));
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n");
            client.rest();
            assertThat(calls).containsExactly("logging");
        }
    }

    @Test
    void noLocalResponseBeginsATunnel() {
        try (World world = world()) {
            Plain proxy = new Plain(world.peer()) {
                @Override
                public FilterResult requestFilter(Session session, Object state) {
                    return FilterResult.respond(LocalResponse.of(200).text("here"));
                }
            };
            world.start(HttpProxy.builder(proxy)
                    .options(ProxyOptions.builder().allowConnect(true).build())
                    .build());
            Wire client = world.connect();
            client.send("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 500 ");
        }
    }

    @Test
    void aSubrequestHasEndedAndItsErrorIsKnownWhenItsEndIsTold() {
        try (World world = world()) {
            List<String> events = new ArrayList<>();
            Plain proxy = new Plain(world.peer()) {
                @Override
                public FilterResult proxyUpstreamFilter(Session session, Object state) {
                    return session.request().target().equals("/sub")
                            ? FilterResult.async(CompletableFuture.failedFuture(ProxyException.rejected(403, "no")))
                            : FilterResult.respond(LocalResponse.of(204));
                }

                @Override
                public void logging(Session session, @Nullable ProxyException error, Object state) {
                    events.add("logging " + session.request().target());
                }
            };
            ExchangeInterceptor interceptor = (Session session, ExchangeControl control) -> {
                if (session.request().target().equals("/")) {
                    control.subrequest(
                            RequestHead.of("GET", "/sub", "Host", "a"),
                            error -> events.add("ended " + (error == null ? "well" : error.type())));
                }
                return new Interception() {};
            };
            world.start(HttpProxy.builder(proxy).plugIn(interceptor).build());
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            client.head();
            world.await(() -> events.size() == 3, () -> "two exchanges; found " + events);
            assertThat(events.indexOf("logging /sub")).isLessThan(events.indexOf("ended REJECTED"));
        }
    }

    @Test
    void whatATrustedProxySaysIsReadRightToLeftUpToWhatIsNoAddress() {
        try (World world = world()) {
            List<String> clients = new ArrayList<>();
            Plain proxy = new Plain(world.peer()) {
                @Override
                public FilterResult requestFilter(Session session, Object state) {
                    clients.add(String.valueOf(session.clientAddress()));
                    return FilterResult.respond(LocalResponse.of(204));
                }
            };
            world.start(HttpProxy.builder(proxy)
                    .options(ProxyOptions.builder()
                            .trustedProxies(TrustedProxies.of("0.0.0.0/0"))
                            .build())
                    .build());
            for (String told : new String[] {"::1, 999.1.1.1, [2001:db8::7]:80", "evil, 192.0.2.1:99", "1.2.3.4"}) {
                Wire client = world.connect();
                client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: " + told + "\r\n\r\n");
                client.head();
            }
            assertThat(clients).containsExactly("/[2001:db8:0:0:0:0:0:7]:0", "/192.0.2.1:0", "/1.2.3.4:0");
        }
    }

    @Test
    void whatLooksLikeALengthButIsNoneIsReplacedByTheLength() {
        try (World world = world()) {
            world.start(HttpProxy.of(new Plain(world.peer()) {
                @Override
                public FilterResult upstreamRequestFilter(
                        Session session, UpstreamAttempt attempt, RequestHead head, Object state) {
                    head.headers().set("Content-Length", "1:"); // ':' is one behind '9'
                    return FilterResult.proceed();
                }

                @Override
                public boolean preservesLength() {
                    return true;
                }
            }));
            Wire client = world.connect();
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n01234567890123456789");
            Wire origin = world.accept();
            assertThat(origin.head()).contains("\r\nContent-Length: 20\r\n");
            origin.take(20);
            origin.send(OK);
            client.head();
        }
    }
}
