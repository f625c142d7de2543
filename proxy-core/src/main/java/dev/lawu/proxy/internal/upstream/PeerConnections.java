package dev.lawu.proxy.internal.upstream;

import dev.lawu.proxy.internal.loop.Deadline;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PoolKey;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one event loop to one peer. Its pool knows it while it has one.
 *
 * <p>More idle connections than are to be kept may be between two bursts, and closing them would only have them opened again. So they stay for a grace, which is also the deadline that this is: when
 * it has passed, those are closed that were idle all the time.
 */
final class PeerConnections extends Deadline {
    private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(1);

    final UpstreamPool pool;
    final PoolKey key;
    final HttpPeer peer;
    /** The peer's address if it was given as one, so that nothing has to be resolved. */
    final @Nullable InetSocketAddress literal;

    private final ArrayDeque<PooledConnection> idle = new ArrayDeque<>();
    private int total;
    /** The fewest that were idle at a time since the grace began. */
    private int leastIdle;

    PeerConnections(UpstreamPool pool, PoolKey key) {
        super(pool.loop);
        this.pool = pool;
        this.key = key;
        this.peer = key.peer();
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
    PooledConnection takeIdle(HttpPeer chosen) {
        for (PooledConnection connection = idle.peekLast(); connection != null; connection = idle.peekLast()) {
            if (!connection.connection().isUsable()) {
                connection.close();
                continue;
            }
            idle.removeLast();
            leastIdle = Math.min(leastIdle, idle.size());
            connection.taken(chosen);
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
        pool.counters.upstreamActive(-1);
        pool.counters.upstreamIdle(1);
        idle.addLast(connection);
        connection.becameIdle();
        startGrace();
    }

    private void startGrace() {
        if (idle.size() > peer.options().maxIdlePerLoop() && !isSet()) {
            leastIdle = idle.size();
            set(GRACE_NANOS);
        }
    }

    @Override
    protected void expired() {
        for (int surplus = leastIdle - peer.options().maxIdlePerLoop(); surplus > 0; surplus--) {
            closeOneIdle();
        }
        startGrace();
    }

    /** A connection is gone, or could not be made. */
    void removed(@Nullable PooledConnection connection, boolean wasIdle) {
        total--;
        if (wasIdle) {
            idle.removeFirstOccurrence(connection);
            leastIdle = Math.min(leastIdle, idle.size());
            pool.counters.upstreamIdle(-1);
        } else {
            pool.counters.upstreamActive(-1);
        }
        if (total == 0) {
            remove();
            pool.forget(this);
        }
    }
}
