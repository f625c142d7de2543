package dev.lawu.examples;

import dev.lawu.proxy.ChunkResult;
import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.HttpFilter;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.http.Chunk;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * Masks card numbers in JSON responses. The body is held back until it is complete, as a number may be cut in two by any chunk, and then replaced; one that is longer than 1 MiB breaks the response
 * off, rather than let a number through. All other responses stream as they come.
 */
public final class RewriteJsonBody implements HttpFilter<RewriteJsonBody.Response> {
    private static final int MAX_BODY = 1 << 20;
    private static final Pattern CARD = Pattern.compile("\\b\\d{12}(\\d{4})\\b");

    /** The state of a request: whether its response is rewritten. */
    static final class Response {
        private boolean isRewritten;
    }

    @Override
    public Response newContext(Session session) {
        return new Response();
    }

    @Override
    public FilterResult upstreamRequestFilter(
            Session session, UpstreamAttempt attempt, RequestHead head, Response response) {
        // A compressed body cannot be searched, and a part of one neither.
        head.headers().remove("Accept-Encoding");
        head.headers().remove("Range");
        return FilterResult.proceed();
    }

    @Override
    public FilterResult responseFilter(Session session, ResponseHead head, Response response) {
        String type = Objects.requireNonNullElse(head.headers().get("Content-Type"), "");
        response.isRewritten = !head.isInformational()
                && type.toLowerCase(Locale.ROOT).startsWith("application/json")
                && !head.headers().contains("Content-Encoding");
        if (response.isRewritten) {
            // They told of the bytes that the client does not get.
            head.headers().remove("ETag");
            head.headers().remove("Content-Digest");
            head.headers().remove("Accept-Ranges");
        }
        return FilterResult.proceed();
    }

    @Override
    public ChunkResult responseBodyFilter(Session session, Chunk chunk, Response response) {
        if (!response.isRewritten) {
            return ChunkResult.forward();
        }
        if (!chunk.isLast()) {
            return ChunkResult.hold(MAX_BODY);
        }
        // Digits are ASCII, which UTF-8 and ISO 8859-1 write alike: every other byte comes out as it went in.
        String masked =
                CARD.matcher(chunk.toString(StandardCharsets.ISO_8859_1)).replaceAll("************$1");
        return ChunkResult.replace(masked.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Proxies 127.0.0.1:8080 to the peer that is named, {@code HOST:PORT}, until it is killed. */
    public static void main(String... arguments) throws InterruptedException {
        HttpPeer app = HttpPeer.parse(arguments.length > 0 ? arguments[0] : "127.0.0.1:9000");
        HttpProxy proxy = HttpProxy.builder(new HelloProxy(app))
                .filter(new RewriteJsonBody())
                .build();
        ProxyServer server =
                ProxyServer.builder(proxy).listen("127.0.0.1", 8080).start();
        System.out.println("listening on " + server.address());
        Thread.currentThread().join();
    }
}
