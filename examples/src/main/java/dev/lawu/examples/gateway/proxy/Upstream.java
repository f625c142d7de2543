package dev.lawu.examples.gateway.proxy;

import dev.lawu.proxy.upstream.HttpPeer;
import java.util.List;

/**
 * Where requests may go.
 *
 * @param peers at least one; taken in turn
 */
public record Upstream(String name, List<HttpPeer> peers) {
    public Upstream {
        peers = List.copyOf(peers);
        if (peers.isEmpty()) {
            throw new IllegalArgumentException("upstream " + name + ": no peers (expected: at least one)");
        }
    }
}
