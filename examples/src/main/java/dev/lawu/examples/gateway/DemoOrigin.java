package dev.lawu.examples.gateway;

import dev.lawu.proxy.BodyProducer;
import dev.lawu.proxy.BodySink;
import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.ProxyHttp;
import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.upstream.PeerSelection;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/** The demo's origin: a proxy that answers everything itself. Thread-safe. */
final class DemoOrigin implements ProxyHttp<Void> {
    private static final int MAX_ECHO = 1 << 20;
    private static final int EVENTS = 10;
    private static final Executor AFTER_ONE_SECOND = CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS);
    private static final Executor AFTER_TWO_SECONDS = CompletableFuture.delayedExecutor(2, TimeUnit.SECONDS);
    private static final String PAGE = """
            <!doctype html>
            <html lang="en">
            <head><meta charset="utf-8"><title>Lawu</title></head>
            <body style="font-family: sans-serif; max-width: 40em; margin: 3em auto">
            <h1>It works</h1>
            <p>This page comes from the demo's origin, through the gateway.</p>
            <ul>
            <li><a href="/headers">/headers</a>: the request as the origin got it</li>
            <li><a href="/stream">/stream</a>: ten events, one a second</li>
            <li><a href="/slow">/slow</a>: an answer that takes two seconds</li>
            <li>/echo: gives back what is posted to it</li>
            </ul>
            </body>
            </html>
            """;

    private DemoOrigin() {}

    /** Starts it on a free port of the loopback address. */
    static ProxyServer start() {
        return ProxyServer.builder(HttpProxy.of(new DemoOrigin()))
                .listen("127.0.0.1", 0)
                .eventLoops(1)
                .drainTimeout(Duration.ofSeconds(1))
                .start();
    }

    @Override
    public Void newContext(Session session) {
        return null;
    }

    @Override
    public FilterResult requestFilter(Session session, Void state) {
        return switch (session.request().path()) {
            case "/" ->
                FilterResult.respond(LocalResponse.of(200)
                        .header("Content-Type", "text/html; charset=utf-8")
                        .text(PAGE));
            case "/headers" -> FilterResult.respond(LocalResponse.of(200).text(describe(session.request())));
            case "/echo" -> echo(session);
            case "/slow" ->
                FilterResult.async(CompletableFuture.supplyAsync(
                        () -> FilterResult.respond(LocalResponse.of(200).text("That took two seconds.\n")),
                        AFTER_TWO_SECONDS));
            case "/stream" ->
                FilterResult.respond(LocalResponse.of(200)
                        .header("Content-Type", "text/event-stream")
                        .header("Cache-Control", "no-store")
                        .body(new Events()));
            default ->
                FilterResult.respond(LocalResponse.of(404)
                        .text("404 Not Found: the demo has /, /headers, /echo, /slow and /stream\n"));
        };
    }

    @Override
    public PeerSelection upstreamPeer(Session session, UpstreamAttempt attempt, Void state) {
        throw new IllegalStateException("the demo's origin has no upstream");
    }

    private static String describe(RequestHead request) {
        StringBuilder text = new StringBuilder();
        text.append(request.method())
                .append(' ')
                .append(request.target())
                .append(' ')
                .append(request.version());
        text.append('\n');
        request.headers()
                .forEach((name, value) ->
                        text.append(name).append(": ").append(value).append('\n'));
        return text.toString();
    }

    private static FilterResult echo(Session session) {
        String type = Objects.requireNonNullElse(session.request().headers().get("Content-Type"), "text/plain");
        return FilterResult.async(session.bufferRequestBody(MAX_ECHO)
                .thenApply(body -> FilterResult.respond(
                        LocalResponse.of(200).header("Content-Type", type).body(body))));
    }

    /** Ten server-sent events, the first at once. */
    private static final class Events implements BodyProducer {
        private int sent;
        private volatile boolean isCancelled;

        @Override
        public void produce(BodySink sink) {
            if (sent == 0) {
                send(sink);
            } else if (sent == EVENTS) {
                sink.end();
            } else {
                AFTER_ONE_SECOND.execute(() -> send(sink));
            }
        }

        private void send(BodySink sink) {
            if (!isCancelled) {
                sent++;
                sink.write("event: tick\ndata: %d of %d at %s\n\n"
                        .formatted(sent, EVENTS, Instant.now())
                        .getBytes(StandardCharsets.UTF_8));
            }
        }

        @Override
        public void cancelled() {
            isCancelled = true;
        }
    }
}
