package dev.lawu.examples;

import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.HttpFilter;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import java.util.UUID;

/**
 * Edits fields on the way up and on the way down: the origin gets a request id, the client gets it back with a security field, and does not learn what software the origin runs.
 *
 * <p>It is a filter, so that it goes before any proxy. Its state of each request is the id.
 */
public final class AddHeaders implements HttpFilter<String> {
    @Override
    public String newContext(Session session) {
        return UUID.randomUUID().toString();
    }

    @Override
    public FilterResult upstreamRequestFilter(
            Session session, UpstreamAttempt attempt, RequestHead head, String requestId) {
        // Set, not add: what a client sends under this name is not to be believed.
        head.headers().set("X-Request-Id", requestId);
        return FilterResult.proceed();
    }

    @Override
    public FilterResult responseFilter(Session session, ResponseHead head, String requestId) {
        // Every response comes here, error answers too.
        head.headers().set("X-Request-Id", requestId).set("X-Content-Type-Options", "nosniff");
        head.headers().remove("Server");
        head.headers().remove("X-Powered-By");
        return FilterResult.proceed();
    }

    /** Proxies 127.0.0.1:8080 to the peer that is named, {@code HOST:PORT}, until it is killed. */
    public static void main(String... arguments) throws InterruptedException {
        HttpPeer app = HttpPeer.parse(arguments.length > 0 ? arguments[0] : "127.0.0.1:9000");
        HttpProxy proxy =
                HttpProxy.builder(new HelloProxy(app)).filter(new AddHeaders()).build();
        ProxyServer server =
                ProxyServer.builder(proxy).listen("127.0.0.1", 8080).start();
        System.out.println("listening on " + server.address());
        Thread.currentThread().join();
    }
}
