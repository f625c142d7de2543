package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.ChunkResult;
import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.HttpFilter;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.http.Chunk;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Who sees what of a request and its response, and in which order. */
class FilterOrderTest {
    private static final FilterResult TEAPOT =
            FilterResult.respond(LocalResponse.of(418).text("short and stout"));

    private final List<String> calls = Collections.synchronizedList(new ArrayList<>());

    /** Notes each call under its name, and answers in one phase. */
    private final class Noting implements HttpFilter<String> {
        private final String name;
        private final String answersIn;
        private final Supplier<FilterResult> answer;

        Noting(String name, String answersIn, Supplier<FilterResult> answer) {
            this.name = name;
            this.answersIn = answersIn;
            this.answer = answer;
        }

        private FilterResult note(String phase, String state) {
            assertThat(state).isEqualTo(name);
            calls.add(name + phase);
            return phase.equals(answersIn) ? answer.get() : FilterResult.proceed();
        }

        @Override
        public String newContext(Session session) {
            return name;
        }

        @Override
        public FilterResult earlyRequestFilter(Session session, String state) {
            return note("early", state);
        }

        @Override
        public FilterResult requestFilter(Session session, String state) {
            return note("request", state);
        }

        @Override
        public FilterResult proxyUpstreamFilter(Session session, String state) {
            return note("proxyUpstream", state);
        }

        @Override
        public FilterResult upstreamRequestFilter(Session session, UpstreamAttempt a, RequestHead h, String state) {
            return note("upstreamRequest", state);
        }

        @Override
        public ChunkResult requestBodyFilter(Session session, UpstreamAttempt a, Chunk chunk, String state) {
            if (chunk.isLast()) {
                note("requestBody", state);
            }
            return ChunkResult.forward();
        }

        @Override
        public FilterResult upstreamResponseFilter(Session session, UpstreamAttempt a, ResponseHead h, String state) {
            return note("upstreamResponse", state);
        }

        @Override
        public ChunkResult upstreamResponseBodyFilter(Session session, UpstreamAttempt a, Chunk chunk, String state) {
            if (chunk.isLast()) {
                note("upstreamBody", state);
            }
            return ChunkResult.forward();
        }

        @Override
        public FilterResult responseFilter(Session session, ResponseHead head, String state) {
            return note("response" + head.status(), state);
        }

        @Override
        public ChunkResult responseBodyFilter(Session session, Chunk chunk, String state) {
            if (chunk.isLast()) {
                note("body", state);
            }
            return ChunkResult.forward();
        }

        @Override
        public void logging(Session session, @Nullable ProxyException error, String state) {
            note("logging" + (error == null ? "" : error.type()), state);
        }
    }

    private void start(World world, HttpFilter<?> a, HttpFilter<?> b) {
        world.start(HttpProxy.builder(new ToPeer(world.peer()) {
                    @Override
                    public FilterResult requestFilter(Session session, Object state) {
                        calls.add("Prequest");
                        return FilterResult.proceed();
                    }

                    @Override
                    public FilterResult responseFilter(Session session, ResponseHead head, Object state) {
                        calls.add("Presponse" + head.status());
                        return FilterResult.proceed();
                    }

                    @Override
                    public void logging(Session session, @Nullable ProxyException error, Object state) {
                        calls.add("Plogging");
                    }
                })
                .filter(a)
                .filter(b)
                .build());
    }

    private Noting plain(String name) {
        return new Noting(name, "", FilterResult::proceed);
    }

    private void awaitLogging(World world) {
        world.await(() -> calls.stream().anyMatch(call -> call.startsWith("Alogging")), () -> "logging: " + calls);
    }

    @ParameterizedTest
    @EnumSource
    void requestsPassInOrderAndResponsesReversed(World.Kind kind) {
        try (World world = kind.create()) {
            start(world, plain("A"), plain("B"));
            Wire client = world.connect();
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
            Wire origin = world.accept();
            origin.head();
            assertThat(Chunked.of(origin).body()).isEqualTo("hi");
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes");
            client.head();
            assertThat(Chunked.of(client).body()).isEqualTo("yes");
            awaitLogging(world);
            assertThat(calls)
                    .containsExactly(
                            "Aearly",
                            "Bearly",
                            "Arequest",
                            "Brequest",
                            "Prequest",
                            "AproxyUpstream",
                            "BproxyUpstream",
                            "AupstreamRequest",
                            "BupstreamRequest",
                            "ArequestBody",
                            "BrequestBody",
                            "BupstreamResponse",
                            "AupstreamResponse",
                            "Presponse200",
                            "Bresponse200",
                            "Aresponse200",
                            "BupstreamBody",
                            "AupstreamBody",
                            "Bbody",
                            "Abody",
                            "Plogging",
                            "Blogging",
                            "Alogging");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "SIMULATED, early",
        "SPLIT, early",
        "SOCKETS, early",
        "SIMULATED, request",
        "SPLIT, request",
        "SOCKETS, request"
    })
    void whoIsBehindAFilterThatAnswersSeesNeitherRequestNorResponse(World.Kind kind, String phase) {
        try (World world = kind.create()) {
            start(world, new Noting("A", phase, () -> TEAPOT), plain("B"));
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 418 ");
            assertThat(Chunked.of(client).body()).isEqualTo("short and stout");
            awaitLogging(world);
            List<String> expected = new ArrayList<>(List.of("Aearly"));
            if (phase.equals("request")) {
                expected.addAll(List.of("Bearly", "Arequest"));
            }
            // In the second phase B has seen the request once, in earlyRequestFilter, but is behind the one who
            // answers.
            expected.addAll(List.of("Aresponse418", "Abody", "Plogging", "Blogging", "Alogging"));
            assertThat(calls).containsExactlyElementsOf(expected);
            assertThat(world.accepted()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void whoIsInFrontOfAFilterThatAnswersSeesTheResponse(World.Kind kind) {
        try (World world = kind.create()) {
            start(world, plain("A"), new Noting("B", "request", () -> TEAPOT));
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 418 ");
            assertThat(Chunked.of(client).body()).isEqualTo("short and stout");
            awaitLogging(world);
            assertThat(calls)
                    .containsSubsequence("Brequest", "Bresponse418", "Aresponse418", "Bbody", "Abody", "Plogging")
                    .doesNotContain("Prequest", "Presponse418");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aResponseThatAFilterReplacesGoesOnToThoseWhoSawNoHeadYet(World.Kind kind) {
        try (World world = kind.create()) {
            start(world, plain("A"), new Noting("B", "response200", () -> TEAPOT));
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart of it");
            assertThat(client.head()).startsWith("HTTP/1.1 418 ").doesNotContain("Content-Length");
            assertThat(Chunked.of(client).body()).isEqualTo("short and stout");
            // The upstream was let go in the middle of its response.
            origin.rest();
            awaitLogging(world);
            assertThat(calls)
                    .containsSubsequence("Presponse200", "Bresponse200", "Aresponse418")
                    .doesNotContain("Aresponse200", "Presponse418", "Bresponse418");
        }
    }

    @ParameterizedTest
    @EnumSource
    void anUpstreamResponseFilterThatRespondsLetsTheUpstreamGo(World.Kind kind) {
        try (World world = kind.create()) {
            start(world, plain("A"), new Noting("B", "upstreamResponse", () -> TEAPOT));
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart of it");
            assertThat(client.head()).startsWith("HTTP/1.1 418 ");
            assertThat(Chunked.of(client).body()).isEqualTo("short and stout");
            origin.rest();
            awaitLogging(world);
            assertThat(calls)
                    .containsSubsequence("BupstreamResponse", "Presponse418", "Bresponse418", "Aresponse418")
                    .doesNotContain("AupstreamResponse", "BupstreamBody", "AupstreamBody");
        }
    }

    @ParameterizedTest
    @EnumSource
    void anAnswerInUpstreamRequestFilterGivesTheConnectionBackUnused(World.Kind kind) {
        try (World world = kind.create()) {
            HttpPeer peer = world.peer();
            List<Long> connections = Collections.synchronizedList(new ArrayList<>());
            world.start(HttpProxy.of(new ToPeer(peer) {
                @Override
                public FilterResult upstreamRequestFilter(Session s, UpstreamAttempt a, RequestHead head, Object st) {
                    connections.add(a.connectionNumber());
                    return head.target().equals("/answer") ? TEAPOT : FilterResult.proceed();
                }
            }));
            Wire client = world.connect();
            client.send("GET /answer HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 418 ").contains("Content-Length: 15\r\n");
            client.until("stout");
            Wire origin = world.accept();
            world.await(() -> world.server().stats().upstreamIdle() == 1, () -> "an idle connection");
            client.send("GET /forward HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(origin.head()).startsWith("GET /forward ");
            origin.send("HTTP/1.1 204 No Content\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 204 ");
            assertThat(connections).hasSize(2);
            assertThat(connections.get(0)).isEqualTo(connections.get(1)).isPositive();
            assertThat(world.accepted()).isEqualTo(1);
        }
    }
}
