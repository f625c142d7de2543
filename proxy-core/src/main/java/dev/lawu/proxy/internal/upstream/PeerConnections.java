package dev.lawu.proxy.internal.upstream;

import dev.lawu.proxy.internal.loop.Deadline;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerOptions;
import dev.lawu.proxy.upstream.PoolKey;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one event loop to one peer. Its pool knows it while it has one, or somebody wants one.
 *
 * <p>More idle connections than are to be kept may be between two bursts, and closing them would only have them opened again. So they stay for a grace, which is also the deadline that this is: when
 * it has passed, those are closed that were idle all the time.
 */
final class PeerConnections extends Deadline {
    private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(1);

    final UpstreamPool pool;
    final PoolKey key;
    final HttpPeer peer;
    final PeerLimits limits;
    final long idleNanos;

    private final int mostIdle;
    private final int mostUses;
    private final boolean reuses;
    private final @Nullable WarmUp warmUp;
    private final ArrayDeque<PooledConnection> idle = new ArrayDeque<>();
    /** How many are idle, for other loops. */
    private final AtomicInteger idleCount = new AtomicInteger();

    private int total;
    private int wanted;
    /** The fewest that were idle at a time since the grace began. */
    private int leastIdle;

    private boolean serving;

    PeerConnections(UpstreamPool pool, PoolKey key) {
        super(pool.loop);
        this.pool = pool;
        this.key = key;
        this.peer = key.peer();
        this.limits = pool.pools.retain(key);
        PeerOptions options = peer.options();
        this.idleNanos = options.idleTimeout().toNanos();
        this.mostIdle = options.maxIdlePerLoop();
        this.mostUses = options.maxRequestsPerConnection();
        this.reuses = options.reuse();
        this.warmUp = options.warmConnections() > 0 && reuses && key.clientAddress() == null ? new WarmUp(this) : null;
        limits.join(this);
    }

    /** Connections that are in use, idle or being made. */
    int total() {
        return total;
    }

    /** How many are idle; for any thread. */
    int idleCount() {
        return idleCount.get();
    }

    // ---- taking

    /** The connection that became idle last, for a request; null if there is none, or others wait for it. */
    @Nullable
    PooledConnection takeIdle(HttpPeer chosen) {
        if (limits.waiting() > 0) {
            return null;
        }
        PooledConnection connection = takeIdle();
        if (connection != null) {
            connection.lend(chosen);
            pool.counters.upstreamReused();
        }
        return connection;
    }

    /** The connection that became idle last. It counts as used until it is {@linkplain #keep kept} again, lent, sent or closed. */
    @Nullable
    PooledConnection takeIdle() {
        for (PooledConnection connection = idle.peekLast(); connection != null; connection = idle.peekLast()) {
            if (!connection.connection().isUsable()) {
                connection.close(CloseReason.PEER);
                continue;
            }
            idle.removeLast();
            noLongerIdle(connection);
            connection.taken();
            pool.counters.upstreamActive(1);
            return connection;
        }
        return null;
    }

    private void noLongerIdle(PooledConnection connection) {
        leastIdle = Math.min(leastIdle, idle.size());
        idleCount.lazySet(idle.size());
        pool.idleOrder.remove(connection);
        pool.counters.upstreamIdle(-1);
    }

    // ---- giving back

    /** A connection was given back and may carry another request. */
    void released(PooledConnection connection) {
        if (!reuses) {
            connection.close(CloseReason.EXCHANGE);
        } else if (connection.uses() >= mostUses) {
            connection.close(CloseReason.MAX_REQUESTS);
        } else {
            keep(connection);
        }
    }

    /** A connection that is neither idle nor lent becomes idle, or is closed if it may not. */
    void keep(PooledConnection connection) {
        if (connection.isGone()) {
            return;
        }
        if (pool.isClosed()) {
            connection.close(CloseReason.SHUTDOWN);
        } else if (mostIdle == 0 && limits.waiting() == 0) {
            connection.close(CloseReason.SURPLUS);
        } else if (!connection.becameIdle()) {
            connection.close(CloseReason.MAX_AGE);
        } else {
            pool.counters.upstreamActive(-1);
            pool.counters.upstreamIdle(1);
            idle.addLast(connection);
            pool.idleOrder.add(connection);
            idleCount.set(idle.size()); // seen by whoever begins to wait later
            startGrace();
            if (limits.waiting() > 0) {
                serveSoon();
            } else {
                pool.closeSurplus();
            }
        }
    }

    private void startGrace() {
        if (idle.size() > mostIdle && !isSet()) {
            leastIdle = idle.size();
            set(GRACE_NANOS);
        }
    }

    @Override
    protected void expired() {
        for (int surplus = leastIdle - mostIdle; surplus > 0; surplus--) {
            idle.getFirst().close(CloseReason.SURPLUS);
        }
        startGrace();
    }

    // ---- those who wait, on this loop or another

    /** {@link #serve}, but not within a call of the machine. */
    void serveSoon() {
        if (!serving) {
            serving = true;
            pool.loop.loop().execute(this::serve);
        }
    }

    /** Gives idle connections to those who wait. Whom a connection cannot be given to gets its permit. */
    void serve() {
        serving = false;
        while (limits.waiting() > 0) {
            PooledConnection connection = takeIdle();
            if (connection == null) {
                return;
            }
            Opening next = limits.next();
            if (next == null) {
                keep(connection);
                return;
            }
            if (next.home.pool == pool && !next.isFresh()) {
                next.received(connection, pool);
            } else if (next.isFresh() || !pool.pools.takeover.send(connection, next)) {
                limits.callAgain(next);
                connection.close(CloseReason.EVICTED);
            }
        }
    }

    // ---- counting

    /** Somebody wants a connection (+1), or not any more (-1). */
    void wanted(int difference) {
        wanted += difference;
        forgetIfUnused();
    }

    /** A connection is being made; there is a permit for it. */
    void added() {
        total++;
        pool.counters.upstreamActive(1);
    }

    /** A connection that was being made is not any more. */
    void notMade() {
        total--;
        pool.counters.upstreamActive(-1);
        limits.leave();
        forgetIfUnused();
    }

    /** One came from another loop, with its permit. */
    void arrived() {
        total++;
        pool.counters.upstreamActive(1);
    }

    /** One that was taken has left for another loop, with its permit. */
    void sent() {
        total--;
        pool.counters.upstreamActive(-1);
        if (warmUp != null) {
            warmUp.refill();
        }
        forgetIfUnused();
    }

    /** A connection is gone. */
    void removed(PooledConnection connection, boolean wasIdle) {
        total--;
        if (wasIdle) {
            idle.removeFirstOccurrence(connection);
            noLongerIdle(connection);
        } else {
            pool.counters.upstreamActive(-1);
        }
        limits.leave();
        if (warmUp != null) {
            warmUp.gone(connection);
        }
        forgetIfUnused();
    }

    /** Somebody uses the peer: its warm connections are kept on. */
    void used() {
        if (warmUp != null) {
            warmUp.used();
        }
    }

    void close() {
        if (warmUp != null) {
            warmUp.close();
        }
        closeIdle(CloseReason.SHUTDOWN);
    }

    void closeIdle(CloseReason why) {
        PooledConnection oldest;
        while ((oldest = idle.peekFirst()) != null) {
            oldest.close(why);
        }
    }

    private void forgetIfUnused() {
        if (total == 0 && wanted == 0) {
            remove();
            if (pool.forget(this)) {
                limits.part(this);
                pool.pools.release(limits);
            }
        }
    }
}
