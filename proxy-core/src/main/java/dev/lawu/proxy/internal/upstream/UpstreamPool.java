package dev.lawu.proxy.internal.upstream;

import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.internal.exchange.LoopCounters;
import dev.lawu.proxy.internal.loop.LoopContext;
import dev.lawu.proxy.spi.ConnectionInfo;
import dev.lawu.proxy.spi.Connector;
import dev.lawu.proxy.spi.Transport;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.NameResolver;
import dev.lawu.proxy.upstream.PoolKey;
import dev.lawu.proxy.upstream.ProxyProtocol;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One event loop's connections to upstreams: those that are idle, by peer, and those in use, which are counted. Confined to the loop.
 *
 * <p>A request takes the connection that became idle last, so that a pool that is larger than it needs to be shrinks by itself. An idle connection is closed when the peer sends anything on it or ends
 * it, when it has been idle too long, or when more than are to be kept have been idle for a short while.
 */
public final class UpstreamPool implements Connector {
    private static final Runnable NOTHING = () -> {};

    final LoopContext loop;
    final Transport transport;
    final NameResolver resolver;
    final ProxyOptions options;
    final LoopCounters counters;
    private final Map<PoolKey, PeerConnections> peers = new HashMap<>();
    private boolean closed;

    public UpstreamPool(
            LoopContext loop, Transport transport, NameResolver resolver, ProxyOptions options, LoopCounters counters) {
        this.loop = loop;
        this.transport = transport;
        this.resolver = resolver;
        this.options = options;
        this.counters = counters;
    }

    @Override
    public Runnable open(HttpPeer peer, @Nullable ConnectionInfo client, boolean fresh, Callback callback) {
        if (closed) {
            callback.onFailure(ProxyException.internal(ErrorType.SHUTDOWN, "the server is shutting down", null));
            return NOTHING;
        }
        PoolKey key = peer.poolKey();
        if (client != null && peer.options().proxyProtocol() != ProxyProtocol.NONE) {
            key = key.forClient(client.remoteAddress(), client.localAddress());
        }
        PeerConnections connections = peers.get(key);
        if (connections == null) {
            connections = new PeerConnections(this, key);
        }
        PooledConnection idle = fresh ? null : connections.takeIdle(peer);
        if (idle != null) {
            callback.onOpen(idle.connection(), true);
            return NOTHING;
        }
        int most = peer.options().maxConnectionsPerPeer();
        if (connections.total() >= most && !connections.closeOneIdle()) {
            callback.onFailure(ProxyException.upstream(
                    ErrorType.OVERLOAD,
                    peer + ": " + connections.total() + " connections on this event loop (expected: at most " + most
                            + ")",
                    null));
            return NOTHING;
        }
        ConnectAttempt attempt = new ConnectAttempt(connections, peer, callback);
        attempt.start();
        return attempt;
    }

    void remember(PeerConnections connections) {
        peers.put(connections.key, connections);
    }

    void forget(PeerConnections connections) {
        peers.remove(connections.key, connections);
    }

    /** Closes what is idle, and from now on what becomes idle. */
    public void close() {
        closed = true;
        List<PeerConnections> all = new ArrayList<>(peers.values());
        for (PeerConnections connections : all) {
            connections.closeIdle();
        }
    }

    boolean isClosed() {
        return closed;
    }
}
