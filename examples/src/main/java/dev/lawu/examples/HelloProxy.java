package dev.lawu.examples;

import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.ProxyHttp;
import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerSelection;
import dev.lawu.proxy.upstream.UpstreamAttempt;

/** The least that a proxy is: every request goes to one peer. */
public final class HelloProxy implements ProxyHttp<Void> {
    private final HttpPeer app;

    /** A proxy for this peer. */
    public HelloProxy(HttpPeer app) {
        this.app = app;
    }

    @Override
    public Void newContext(Session session) {
        return null;
    }

    @Override
    public PeerSelection upstreamPeer(Session session, UpstreamAttempt attempt, Void state) {
        return app;
    }

    /** Proxies 127.0.0.1:8080 to the peer that is named, {@code HOST:PORT}, until it is killed. */
    public static void main(String... arguments) throws InterruptedException {
        HttpPeer app = HttpPeer.parse(arguments.length > 0 ? arguments[0] : "127.0.0.1:9000");
        ProxyServer server = ProxyServer.builder(HttpProxy.of(new HelloProxy(app)))
                .listen("127.0.0.1", 8080)
                .start();
        System.out.println("listening on " + server.address());
        Thread.currentThread().join();
    }
}
