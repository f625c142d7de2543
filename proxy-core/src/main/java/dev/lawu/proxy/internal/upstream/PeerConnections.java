package dev.lawu.proxy.internal.upstream;

import dev.lawu.proxy.upstream.HttpPeer;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** The connections of one event loop to one peer. Its pool knows it while it has one. */
final class PeerConnections {
    final UpstreamPool pool;
    final HttpPeer peer;
    /** The peer's address if it was given as one, so that nothing has to be resolved. */
    final @Nullable InetSocketAddress literal;

    private final ArrayDeque<PooledConnection> idle = new ArrayDeque<>();
    private int total;

    PeerConnections(UpstreamPool pool, HttpPeer peer) {
        this.pool = pool;
        this.peer = peer;
        this.literal = literal(peer);
    }

    private static @Nullable InetSocketAddress literal(HttpPeer peer) {
        byte[] address = NetUtil.createByteArrayFromIpAddressString(peer.host());
        if (address == null) {
            return null;
        }
        try {
            return new InetSocketAddress(InetAddress.getByAddress(address), peer.port());
        } catch (UnknownHostException e) {
            throw new AssertionError(e); // it has 4 or 16 bytes
        }
    }

    /** Connections that are in use, idle or being made. */
    int total() {
        return total;
    }

    @Nullable
    PooledConnection takeIdle() {
        for (PooledConnection connection = idle.peekLast(); connection != null; connection = idle.peekLast()) {
            if (!connection.connection().isUsable()) {
                connection.close();
                continue;
            }
            idle.removeLast();
            connection.taken();
            pool.counters.upstreamIdle(-1);
            pool.counters.upstreamActive(1);
            return connection;
        }
        return null;
    }

    boolean closeOneIdle() {
        PooledConnection oldest = idle.peekFirst();
        if (oldest == null) {
            return false;
        }
        oldest.close();
        return true;
    }

    void closeIdle() {
        while (closeOneIdle()) {
            // until none is left
        }
    }

    /** A connection is being made. */
    void added() {
        if (total++ == 0) {
            pool.remember(this);
        }
        pool.counters.upstreamActive(1);
    }

    /** A connection was given back and may carry another request. */
    void released(PooledConnection connection) {
        if (pool.isClosed() || peer.options().maxIdlePerLoop() == 0) {
            connection.close();
            return;
        }
        if (idle.size() >= peer.options().maxIdlePerLoop()) {
            closeOneIdle();
        }
        pool.counters.upstreamActive(-1);
        pool.counters.upstreamIdle(1);
        idle.addLast(connection);
        connection.becameIdle();
    }

    /** A connection is gone, or could not be made. */
    void removed(@Nullable PooledConnection connection, boolean wasIdle) {
        total--;
        if (wasIdle) {
            idle.removeFirstOccurrence(connection);
            pool.counters.upstreamIdle(-1);
        } else {
            pool.counters.upstreamActive(-1);
        }
        if (total == 0) {
            pool.forget(this);
        }
    }
}
