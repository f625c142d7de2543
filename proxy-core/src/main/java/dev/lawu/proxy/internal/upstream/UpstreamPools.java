package dev.lawu.proxy.internal.upstream;

import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.spi.Transport;
import dev.lawu.proxy.upstream.PoolKey;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** What the pools of a server's event loops share: the limits of each peer, and the way for connections from one loop to another. Thread-safe. */
public final class UpstreamPools {
    final Transport transport;
    final ProxyOptions options;
    final Takeover takeover;
    private final int loops;
    private final ConcurrentHashMap<PoolKey, PeerLimits> limits = new ConcurrentHashMap<>();
    private final AtomicInteger indexes = new AtomicInteger();
    private final AtomicInteger moving = new AtomicInteger();

    /** For pools on this many event loops. */
    public UpstreamPools(Transport transport, int loops, ProxyOptions options) {
        this.transport = transport;
        this.loops = loops;
        this.options = options;
        this.takeover = loops > 1 && transport.movesConnections() ? new LoopTakeover(this) : Takeover.NEVER;
    }

    /** Connections that are on their way from one loop to another. */
    public int moving() {
        return moving.get();
    }

    void moving(int difference) {
        moving.addAndGet(difference);
    }

    /** A number for a new pool. */
    int nextIndex() {
        return indexes.getAndIncrement();
    }

    /** How many idle connections a pool may keep of all peers. */
    int mostIdlePerLoop() {
        return (options.maxIdleUpstreamConnections() + loops - 1) / loops;
    }

    /** The limits of a peer's connections, for a user that {@linkplain #release releases} them. */
    PeerLimits retain(PoolKey key) {
        return limits.compute(key, (same, found) -> {
            PeerLimits used = found == null ? new PeerLimits(same) : found;
            used.references++;
            return used;
        });
    }

    void release(PeerLimits used) {
        limits.computeIfPresent(used.key, (same, found) -> --found.references == 0 ? null : found);
    }
}
