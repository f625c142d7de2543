package dev.lawu.examples.gateway.proxy;

import dev.lawu.proxy.upstream.HttpPeer;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** An upstream's peers, and whose turn it is, which all routes to it share. Thread-safe. */
final class PeerTurn {
    private final HttpPeer[] peers;
    private final AtomicInteger next;

    PeerTurn(List<HttpPeer> peers, AtomicInteger next) {
        this.peers = peers.toArray(new HttpPeer[0]);
        this.next = next;
    }

    int take() {
        return peers.length == 1 ? 0 : Math.floorMod(next.getAndIncrement(), peers.length);
    }

    int size() {
        return peers.length;
    }

    /** The peer of an attempt: each goes to the one behind the last one's. */
    HttpPeer peer(int first, int attempt) {
        return peers[(first + attempt - 1) % peers.length];
    }
}
