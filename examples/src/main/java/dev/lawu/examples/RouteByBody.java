package dev.lawu.examples;

import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.ProxyHttp;
import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerSelection;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Chooses the peer by what is in the request's body: here the {@code "model"} that a JSON request to a language model names. The body is read before the peer is chosen and sent on unchanged; one
 * longer than 1 MiB is answered with 413.
 */
public final class RouteByBody implements ProxyHttp<RouteByBody.Choice> {
    private static final int MAX_BODY = 1 << 20;
    private static final Pattern MODEL = Pattern.compile("\"model\"\\s*:\\s*\"([^\"\\\\]{1,100})\"");

    private final Map<String, HttpPeer> peers;
    private final HttpPeer other;

    /** Sends requests to the peer of their model, and those that name none of these to {@code other}. */
    public RouteByBody(Map<String, HttpPeer> peers, HttpPeer other) {
        this.peers = Map.copyOf(peers);
        this.other = other;
    }

    /** The state of a request: where it goes. */
    static final class Choice {
        private HttpPeer peer;

        private Choice(HttpPeer peer) {
            this.peer = peer;
        }
    }

    @Override
    public Choice newContext(Session session) {
        return new Choice(other);
    }

    @Override
    public FilterResult requestFilter(Session session, Choice choice) {
        if (!session.request().method().equals("POST")) {
            return FilterResult.proceed();
        }
        return FilterResult.async(session.bufferRequestBody(MAX_BODY).thenApply(body -> {
            Matcher model = MODEL.matcher(new String(body, StandardCharsets.UTF_8));
            if (model.find()) {
                choice.peer = peers.getOrDefault(model.group(1), other);
            }
            return FilterResult.proceed();
        }));
    }

    @Override
    public PeerSelection upstreamPeer(Session session, UpstreamAttempt attempt, Choice choice) {
        return choice.peer;
    }

    /** Proxies 127.0.0.1:8080, requests for the model {@code large} to 127.0.0.1:9001 and others to 127.0.0.1:9000, until it is killed. */
    public static void main(String... arguments) throws InterruptedException {
        RouteByBody proxy =
                new RouteByBody(Map.of("large", HttpPeer.of("127.0.0.1", 9001)), HttpPeer.of("127.0.0.1", 9000));
        ProxyServer server = ProxyServer.builder(HttpProxy.of(proxy))
                .listen("127.0.0.1", 8080)
                .start();
        System.out.println("listening on " + server.address());
        Thread.currentThread().join();
    }
}
