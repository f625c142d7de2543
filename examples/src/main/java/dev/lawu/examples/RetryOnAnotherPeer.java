package dev.lawu.examples;

import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ProxyHttp;
import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.RetryDecision;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerSelection;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Spreads requests over peers, and tries the next one when a peer cannot be reached or provably did nothing with the request. What a peer may have begun to process is not sent again: the default
 * {@code errorWhileProxy} sees to that.
 */
public final class RetryOnAnotherPeer implements ProxyHttp<Integer> {
    private final List<HttpPeer> peers;
    private final AtomicInteger next = new AtomicInteger();

    /** Spreads requests over these peers, at least one. */
    public RetryOnAnotherPeer(List<HttpPeer> peers) {
        if (peers.isEmpty()) {
            throw new IllegalArgumentException("peers: none (expected: at least one)");
        }
        this.peers = List.copyOf(peers);
    }

    /** The state of a request: whose turn it was when it came. */
    @Override
    public Integer newContext(Session session) {
        return Math.floorMod(next.getAndIncrement(), peers.size());
    }

    @Override
    public PeerSelection upstreamPeer(Session session, UpstreamAttempt attempt, Integer first) {
        // Asked again for each attempt, which begin with number 1.
        return peers.get((first + attempt.number() - 1) % peers.size());
    }

    @Override
    public RetryDecision failToConnect(Session session, UpstreamAttempt attempt, ProxyException error, Integer first) {
        return attempt.number() < peers.size() ? RetryDecision.retry() : RetryDecision.giveUp();
    }

    /** Proxies 127.0.0.1:8080 to the peers that are named, {@code HOST:PORT} each, until it is killed. */
    public static void main(String... arguments) throws InterruptedException {
        List<HttpPeer> peers = new ArrayList<>();
        for (String argument : arguments.length > 0 ? arguments : new String[] {"127.0.0.1:9000", "127.0.0.1:9001"}) {
            peers.add(HttpPeer.parse(argument));
        }
        ProxyServer server = ProxyServer.builder(HttpProxy.of(new RetryOnAnotherPeer(peers)))
                .listen("127.0.0.1", 8080)
                .start();
        System.out.println("listening on " + server.address());
        Thread.currentThread().join();
    }
}
