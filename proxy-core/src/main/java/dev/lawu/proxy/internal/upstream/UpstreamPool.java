package dev.lawu.proxy.internal.upstream;

import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.internal.loop.LoopContext;
import dev.lawu.proxy.internal.loop.LoopCounters;
import dev.lawu.proxy.spi.Connector;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.NameResolver;
import dev.lawu.proxy.upstream.PoolKey;
import dev.lawu.proxy.upstream.ProxyProtocol;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One event loop's connections to upstreams: those that are idle, by peer, and those in use, which are counted. Confined to the loop.
 *
 * <p>A request takes the connection of its own loop that became idle last, so that a pool that is larger than it needs to be shrinks by itself, and nothing is shared with other loops on the way. If
 * there is none, it is an {@link Opening}: it waits for its turn if there are as many connections as there may be, asks other loops for an idle one, or connects. An idle connection is closed when the
 * peer sends anything on it or ends it, when it has been idle too long, or when more than are to be kept have been idle for a short while.
 */
public final class UpstreamPool implements Connector {
    private static final Runnable NOTHING = () -> {};

    final UpstreamPools pools;
    final LoopContext loop;
    final Dialer dialer;
    final ProxyOptions options;
    final LoopCounters counters;
    final int index;
    final IdleOrder idleOrder = new IdleOrder();
    private final int mostIdle;
    private final Map<PoolKey, PeerConnections> peers = new LinkedHashMap<>();
    /** Those that are only one client's, by its address. */
    private final Map<SocketAddress, Set<PeerConnections>> ofClients = new HashMap<>();

    private final Set<Opening> openings = new LinkedHashSet<>();
    /** Loops that were asked for a connection and have not answered in time. */
    private final BitSet overdue = new BitSet();

    private boolean closed;

    public UpstreamPool(UpstreamPools pools, LoopContext loop, NameResolver resolver, LoopCounters counters) {
        this.pools = pools;
        this.loop = loop;
        this.dialer = new Dialer(loop, pools.transport, resolver, pools.options);
        this.options = pools.options;
        this.counters = counters;
        this.index = pools.nextIndex();
        this.mostIdle = pools.mostIdlePerLoop();
    }

    @Override
    public Runnable open(HttpPeer peer, Request request) {
        if (closed) {
            request.onFailure(shuttingDown());
            return NOTHING;
        }
        PoolKey key = peer.poolKey();
        if (peer.options().proxyProtocol() != ProxyProtocol.NONE) {
            key = key.forClient(request.clientAddress(), request.clientLocalAddress());
        }
        PeerConnections connections = connections(key);
        connections.used();
        PooledConnection idle = request.isFresh() ? null : connections.takeIdle(peer);
        if (idle != null) {
            request.onOpen(idle.connection(), true);
            return NOTHING;
        }
        Opening opening = new Opening(connections(key), peer, request);
        opening.start();
        return opening;
    }

    static ProxyException shuttingDown() {
        return ProxyException.internal(ErrorType.SHUTDOWN, "the server is shutting down", null);
    }

    /** The connections with this key; the caller adds one, or says that it wants one. */
    PeerConnections connections(PoolKey key) {
        PeerConnections found = peers.get(key);
        if (found == null) {
            found = new PeerConnections(this, key);
            peers.put(key, found);
            SocketAddress client = key.clientAddress();
            if (client != null) {
                ofClients
                        .computeIfAbsent(client, address -> new LinkedHashSet<>(2))
                        .add(found);
            }
        }
        return found;
    }

    /** False if they were forgotten before. */
    boolean forget(PeerConnections connections) {
        SocketAddress client = connections.key.clientAddress();
        if (client != null) {
            ofClients.computeIfPresent(client, (address, all) -> all.remove(connections) && all.isEmpty() ? null : all);
        }
        return peers.remove(connections.key, connections);
    }

    /** A client's connection is closed: nobody can use any more what was only its. */
    public void clientGone(@Nullable SocketAddress client) {
        Set<PeerConnections> its = ofClients.isEmpty() ? null : ofClients.get(client);
        if (its != null) {
            for (PeerConnections connections : new ArrayList<>(its)) {
                connections.closeIdle(CloseReason.CLIENT_GONE);
            }
        }
    }

    void begun(Opening opening) {
        openings.add(opening);
    }

    void ended(Opening opening) {
        openings.remove(opening);
    }

    /** True if as many are idle as the loop may keep. */
    boolean keepsNoMore() {
        return idleOrder.size() >= mostIdle;
    }

    /** Closes those that were idle longest while there are more than the loop may keep. */
    void closeSurplus() {
        while (idleOrder.size() > mostIdle) {
            PooledConnection oldest = idleOrder.oldest();
            if (oldest == null) {
                return;
            }
            oldest.close(CloseReason.SURPLUS);
        }
    }

    // ---- other loops

    boolean isOverdue(UpstreamPool other) {
        return overdue.get(other.index);
    }

    void overdue(UpstreamPool other) {
        overdue.set(other.index);
    }

    void answered(UpstreamPool other) {
        overdue.clear(other.index);
    }

    // ---- the end

    /** Closes what is idle, and from now on what becomes idle; who wants a connection fails. */
    public void close() {
        closed = true;
        for (Opening opening : new ArrayList<>(openings)) {
            opening.shutDown();
        }
        for (PeerConnections connections : new ArrayList<>(peers.values())) {
            connections.close();
        }
    }

    boolean isClosed() {
        return closed;
    }
}
