package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.ChunkResult;
import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import dev.lawu.proxy.upstream.PeerSelection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every callback in everything that it can do wrong, or late. The completing thread is the test's, which is no event loop in any world. */
class CallbackTableTest {
    private static final List<String> HEADS = List.of(
            "earlyRequestFilter",
            "requestFilter",
            "proxyUpstreamFilter",
            "upstreamRequestFilter",
            "upstreamResponseFilter1xx",
            "upstreamResponseFilter",
            "responseFilter");
    private static final List<String> CHUNKS = List.of(
            "requestBodyFilter",
            "requestTrailerFilter",
            "upstreamResponseBodyFilter",
            "upstreamResponseTrailerFilter",
            "responseBodyFilter",
            "responseTrailerFilter");
    /** Where an error comes too late for an answer. */
    private static final List<String> AFTER_THE_HEAD = List.of(
            "upstreamResponseBodyFilter",
            "upstreamResponseTrailerFilter",
            "responseBodyFilter",
            "responseTrailerFilter");
    /** Those that are called when no connection can be made, after which the client gets 502, or what these make of it. */
    private static final List<String> REFUSED =
            List.of("failToConnect", "failToProxy", "suppressErrorLog", "requestSummary");

    private static final Map<String, String> STATUS_OF_ITS_FAILURE = Map.of(
            "failToConnect", "500",
            "failToProxy", "500",
            "suppressErrorLog", "502",
            "requestSummary", "502");

    static Stream<Arguments> pending() {
        return cases(Stream.concat(Stream.of("upstreamPeer"), Stream.concat(HEADS.stream(), CHUNKS.stream())));
    }

    static Stream<Arguments> failing() {
        return cases(Stream.of(
                        Stream.of("newContext", "upstreamPeer", "connectedToUpstream", "errorWhileProxy", "logging"),
                        HEADS.stream(),
                        CHUNKS.stream(),
                        REFUSED.stream())
                .flatMap(names -> names));
    }

    static Stream<Arguments> nullable() {
        return cases(Stream.of(
                        Stream.of("upstreamPeer", "errorWhileProxy", "failToConnect", "failToProxy", "requestSummary"),
                        HEADS.stream(),
                        CHUNKS.stream())
                .flatMap(names -> names));
    }

    static Stream<Arguments> responding() {
        return cases(HEADS.stream());
    }

    private static Stream<Arguments> cases(Stream<String> names) {
        List<String> all = names.toList();
        return Stream.of(World.Kind.values()).flatMap(kind -> all.stream().map(name -> Arguments.of(kind, name)));
    }

    /** A proxy in its world, with a client whose request has body and trailers, and an origin that answers with a 103, body and trailers. */
    private static final class Scene implements AutoCloseable {
        final World world;
        final Scripted proxy;
        final LoggingFilter filter = new LoggingFilter();
        Wire client;
        Wire origin;

        Scene(World.Kind kind, Duration callbackTimeout) {
            world = kind.create();
            proxy = new Scripted(world.peer());
            ProxyOptions options =
                    ProxyOptions.builder().callbackTimeout(callbackTimeout).build();
            world.start(HttpProxy.builder(proxy).filter(filter).options(options).build());
        }

        void request(String callback) {
            if (REFUSED.contains(callback)) {
                world.refuse();
            }
            client = world.connect();
            client.send("POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "5\r\nhello\r\n0\r\nX-Request: t\r\n\r\n");
        }

        /** Lets the origin do its part if the request gets there. */
        void origin(String callback) {
            world.await(
                    () -> world.accepted() > 0 || client.text().contains("\r\n\r\n") || client.isEnded(),
                    () -> "a connection to the origin or an answer; called: " + proxy.calls);
            if (world.accepted() == 0) {
                return;
            }
            origin = world.accept();
            world.await(
                    () -> origin.text().contains("0\r\nX-Request: t\r\n\r\n")
                            || origin.isEnded()
                            || client.text().contains("\r\n\r\n"),
                    () -> "the whole request or an end; received: <" + origin.text() + ">, called: " + proxy.calls);
            if (callback.equals("errorWhileProxy")) {
                origin.close();
            } else {
                answer();
            }
        }

        /** Waits until the callback was called. */
        void awaitCall(String callback) {
            originUntil(callback);
            world.await(() -> proxy.calls.contains(callback), () -> callback + "; called: " + proxy.calls);
        }

        private void originUntil(String callback) {
            if (List.of("earlyRequestFilter", "requestFilter", "proxyUpstreamFilter", "upstreamPeer")
                    .contains(callback)) {
                return;
            }
            origin = world.accept();
            if (callback.startsWith("upstreamRequest") || callback.startsWith("request")) {
                return;
            }
            origin.until("0\r\nX-Request: t\r\n\r\n");
            answer();
        }

        void answer() {
            origin.send("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n5\r\nworld\r\n0\r\nX-Response: t\r\n\r\n");
        }

        String finalHead() {
            String head = client.head();
            return head.startsWith("HTTP/1.1 103") ? client.head() : head;
        }

        void expectFailure(String callback, String status, String inMessage) {
            if (AFTER_THE_HEAD.contains(callback)) {
                assertThat(client.rest()).doesNotContain("0\r\n\r\n").doesNotContain("X-Response");
            } else {
                assertThat(finalHead()).startsWith("HTTP/1.1 " + status + " ");
            }
            ended();
            assertThat(filter.logged).first().asString().contains(inMessage);
        }

        void expectSuccess() {
            assertThat(finalHead()).startsWith("HTTP/1.1 200 OK\r\n");
            assertThat(Chunked.of(client)).isEqualTo(new Chunked("world", "X-Response: t\r\n"));
            ended();
            assertThat(filter.logged).containsExactly("ok");
        }

        /** Everything is over, and logging has run once for each. */
        void ended() {
            world.await(() -> !filter.logged.isEmpty(), () -> "logging; called: " + proxy.calls);
            client.close();
            world.awaitQuiet();
            assertThat(filter.logged).hasSize(1);
            if (proxy.calls.contains("earlyRequestFilter")) {
                assertThat(proxy.logged).isEqualTo(filter.logged);
            }
        }

        @Override
        public void close() {
            world.close();
        }
    }

    private static String method(String callback) {
        return "." + callback.replace("1xx", "");
    }

    @ParameterizedTest
    @MethodSource("failing")
    void aCallbackThatThrowsFailsTheExchangeByName(World.Kind kind, String callback) {
        try (Scene scene = new Scene(kind, Duration.ofSeconds(5))) {
            scene.proxy.on(callback, () -> {
                throw new IllegalArgumentException("thrown on purpose");
            });
            scene.request(callback);
            scene.origin(callback);
            if (callback.equals("logging")) {
                scene.expectSuccess();
                return;
            }
            boolean onlyLogs = callback.equals("suppressErrorLog") || callback.equals("requestSummary");
            scene.expectFailure(
                    callback,
                    STATUS_OF_ITS_FAILURE.getOrDefault(callback, "500"),
                    onlyLogs ? "UPSTREAM CONNECT" : method(callback) + ": java.lang.IllegalArgumentException: thrown");
        }
    }

    @ParameterizedTest
    @MethodSource("nullable")
    void aCallbackThatAnswersNullFailsTheExchangeByName(World.Kind kind, String callback) {
        try (Scene scene = new Scene(kind, Duration.ofSeconds(5))) {
            scene.proxy.on(callback, () -> null);
            scene.request(callback);
            scene.origin(callback);
            scene.expectFailure(
                    callback,
                    STATUS_OF_ITS_FAILURE.getOrDefault(callback, "500"),
                    callback.equals("requestSummary") ? "UPSTREAM CONNECT" : method(callback) + " returned null");
        }
    }

    private static Object async(String callback, CompletionStage<?> stage) {
        if (callback.equals("upstreamPeer")) {
            return PeerSelection.async(stage.thenApply(PeerSelection.class::cast));
        }
        return CHUNKS.contains(callback)
                ? ChunkResult.async(stage.thenApply(ChunkResult.class::cast))
                : FilterResult.async(stage.thenApply(FilterResult.class::cast));
    }

    private static Object goOn(String callback, Scene scene) {
        if (callback.equals("upstreamPeer")) {
            return scene.world.peer();
        }
        return CHUNKS.contains(callback) ? ChunkResult.forward() : FilterResult.proceed();
    }

    @ParameterizedTest
    @MethodSource("pending")
    void aResultThatNeverComesMeetsTheDeadlineAndComesTooLate(World.Kind kind, String callback) {
        try (Scene scene = new Scene(kind, Duration.ofMillis(80))) {
            CompletableFuture<Object> never = new CompletableFuture<>();
            scene.proxy.on(callback, () -> async(callback, never));
            scene.request(callback);
            scene.awaitCall(callback);
            // An error answer passes the response filter, too, which never comes again.
            scene.expectFailure(callback, "504", method(callback) + ": its pending result did not come within 80 ms");
            never.complete(goOn(callback, scene));
            scene.world.awaitQuiet();
            assertThat(scene.filter.logged).hasSize(1);
        }
    }

    @ParameterizedTest
    @MethodSource("pending")
    void aClientThatLeavesEndsAPendingResult(World.Kind kind, String callback) {
        try (Scene scene = new Scene(kind, Duration.ofSeconds(60))) {
            CompletableFuture<Object> never = new CompletableFuture<>();
            scene.proxy.on(callback, () -> async(callback, never));
            scene.request(callback);
            scene.awaitCall(callback);
            scene.client.reset();
            scene.ended();
            assertThat(scene.filter.logged).first().asString().startsWith("DOWNSTREAM CONNECTION_CLOSED");
            never.complete(goOn(callback, scene));
            scene.world.awaitQuiet();
            assertThat(scene.filter.logged).hasSize(1);
        }
    }

    @ParameterizedTest
    @MethodSource("pending")
    void aResultMayComeLaterFromAnotherThread(World.Kind kind, String callback) {
        try (Scene scene = new Scene(kind, Duration.ofSeconds(5))) {
            CompletableFuture<Object> later = new CompletableFuture<>();
            scene.proxy.on(callback, () -> async(callback, later));
            scene.request(callback);
            scene.awaitCall(callback);
            later.complete(goOn(callback, scene));
            finish(scene, callback);
            scene.expectSuccess();
        }
    }

    @ParameterizedTest
    @MethodSource("pending")
    void aStageThatCompletesTwiceCountsOnce(World.Kind kind, String callback) {
        try (Scene scene = new Scene(kind, Duration.ofSeconds(5))) {
            TwiceStage<Object> twice = new TwiceStage<>();
            scene.proxy.on(callback, () -> uncheckedAsync(callback, twice));
            scene.request(callback);
            scene.awaitCall(callback);
            scene.world.await(twice::isAwaited, () -> "the stage to be awaited");
            twice.tell(goOn(callback, scene));
            twice.tell(goOn(callback, scene));
            finishTwice(scene, callback, twice);
            scene.expectSuccess();
        }
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static Object uncheckedAsync(String callback, CompletionStage stage) {
        if (callback.equals("upstreamPeer")) {
            return PeerSelection.async(stage);
        }
        return CHUNKS.contains(callback) ? ChunkResult.async(stage) : FilterResult.async(stage);
    }

    private void finish(Scene scene, String callback) {
        originAfter(scene, callback, () -> {});
    }

    /** A chunk filter may be asked for several chunks: the misbehaving stage tells each of them. */
    private void finishTwice(Scene scene, String callback, TwiceStage<Object> twice) {
        Object result = goOn(callback, scene);
        originAfter(scene, callback, () -> twice.tell(result));
    }

    private void originAfter(Scene scene, String callback, Runnable meanwhile) {
        boolean early = List.of("earlyRequestFilter", "requestFilter", "proxyUpstreamFilter", "upstreamPeer")
                .contains(callback);
        boolean sending = callback.startsWith("upstreamRequest") || callback.startsWith("request");
        if (early) {
            scene.origin(callback);
        } else if (sending) {
            Wire origin = scene.origin;
            scene.world.await(
                    () -> {
                        meanwhile.run();
                        return origin.text().contains("0\r\nX-Request: t\r\n\r\n");
                    },
                    () -> "the whole request; received: <" + origin.text() + ">");
            scene.answer();
        }
        if (!early) {
            scene.world.await(
                    () -> {
                        meanwhile.run();
                        return scene.client.text().contains("0\r\nX-Response: t\r\n\r\n");
                    },
                    () -> "the whole response; received: <" + scene.client.text() + ">");
        }
    }

    @ParameterizedTest
    @MethodSource("responding")
    void aFilterThatRespondsAnswersTheClient(World.Kind kind, String callback) {
        try (Scene scene = new Scene(kind, Duration.ofSeconds(5))) {
            scene.proxy.on(
                    callback,
                    () -> FilterResult.respond(
                            LocalResponse.of(222).header("X-By", callback).text("mine")));
            scene.request(callback);
            scene.origin(callback);
            assertThat(scene.finalHead())
                    .startsWith("HTTP/1.1 222 ")
                    .contains("X-By: " + callback + "\r\n")
                    .contains("Transfer-Encoding: chunked\r\n"); // there are body filters
            assertThat(Chunked.of(scene.client).body()).isEqualTo("mine");
            scene.ended();
            assertThat(scene.filter.logged).containsExactly("ok");
        }
    }

    @ParameterizedTest
    @MethodSource("chunks")
    void aChunkFilterThatFailsOnPurposeAnswersItsStatusWhileItCan(World.Kind kind, String callback) {
        try (Scene scene = new Scene(kind, Duration.ofSeconds(5))) {
            scene.proxy.on(callback, () -> ChunkResult.fail(ProxyException.rejected(451, "no")));
            scene.request(callback);
            scene.origin(callback);
            scene.expectFailure(callback, "451", "INTERNAL REJECTED: no");
        }
    }

    static Stream<Arguments> chunks() {
        return cases(CHUNKS.stream());
    }
}
