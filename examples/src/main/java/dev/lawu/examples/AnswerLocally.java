package dev.lawu.examples;

import dev.lawu.proxy.BodyProducer;
import dev.lawu.proxy.BodySink;
import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.HttpFilter;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.upstream.HttpPeer;
import java.nio.charset.StandardCharsets;

/**
 * Answers some paths without an origin: {@code /ping} with a fixed body, and {@code /numbers} with the numbers up to a million, which are made as the client takes them: a slow client costs no
 * memory, and one that leaves stops the counting.
 */
public final class AnswerLocally implements HttpFilter<Void> {
    // A fixed response is immutable, so that one serves all.
    private static final FilterResult PONG =
            FilterResult.respond(LocalResponse.of(200).text("pong\n"));

    @Override
    public Void newContext(Session session) {
        return null;
    }

    @Override
    public FilterResult requestFilter(Session session, Void state) {
        return switch (session.request().path()) {
            case "/ping" -> PONG;
            case "/numbers" ->
                FilterResult.respond(LocalResponse.of(200)
                        .header("Content-Type", "text/plain; charset=utf-8")
                        .body(new Numbers(1_000_000)));
            default -> FilterResult.proceed();
        };
    }

    /** Writes a line for each number, some of them each time that it is asked. */
    private static final class Numbers implements BodyProducer {
        private static final int LINES_AT_ONCE = 1000;

        private final int last;
        private int next = 1;

        Numbers(int last) {
            this.last = last;
        }

        @Override
        public void produce(BodySink sink) {
            if (next > last) {
                sink.end();
                return;
            }
            StringBuilder lines = new StringBuilder();
            for (int end = Math.min(last, next + LINES_AT_ONCE - 1); next <= end; next++) {
                lines.append(next).append('\n');
            }
            sink.write(lines.toString().getBytes(StandardCharsets.US_ASCII));
        }
    }

    /** Proxies 127.0.0.1:8080 to the peer that is named, {@code HOST:PORT}, until it is killed. */
    public static void main(String... arguments) throws InterruptedException {
        HttpPeer app = HttpPeer.parse(arguments.length > 0 ? arguments[0] : "127.0.0.1:9000");
        HttpProxy proxy = HttpProxy.builder(new HelloProxy(app))
                .filter(new AnswerLocally())
                .build();
        ProxyServer server =
                ProxyServer.builder(proxy).listen("127.0.0.1", 8080).start();
        System.out.println("listening on " + server.address());
        Thread.currentThread().join();
    }
}
