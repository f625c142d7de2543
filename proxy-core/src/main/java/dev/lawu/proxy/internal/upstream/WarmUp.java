package dev.lawu.proxy.internal.upstream;

import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.internal.loop.Deadline;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Keeps connections of one event loop to one peer ready, one attempt after the other. After a failure, of which one is that the peer ends a connection before it was used, it waits, longer each time. It ends when the peer was not used for an hour, until it is again.
 *
 * <p>It is the deadline of its waiting. While it waits or connects, it counts among those who want a connection.
 */
final class WarmUp extends Deadline implements ConnectAttempt.Done {
    private static final long FIRST_WAIT = TimeUnit.SECONDS.toNanos(1);
    private static final long LONGEST_WAIT = TimeUnit.SECONDS.toNanos(60);
    private static final long KEPT_ON = TimeUnit.HOURS.toNanos(1);

    private final PeerConnections home;
    private final int count;
    private @Nullable ConnectAttempt connecting;
    private long wait = FIRST_WAIT;
    private long lastMoment;
    private boolean used;
    private boolean waiting;
    private boolean closed;

    WarmUp(PeerConnections home) {
        super(home.pool.loop);
        this.home = home;
        this.count = Math.min(
                home.peer.options().warmConnections(), home.peer.options().maxIdlePerLoop());
    }

    /** The peer is used. The clock is not read for it. */
    void used() {
        if (!used) {
            used = true;
            refill();
        }
    }

    /** Connects if there are too few. */
    void refill() {
        if (closed || waiting || connecting != null || home.total() >= count) {
            return;
        }
        if (used) {
            lastMoment = moment(KEPT_ON);
        } else if (lastMoment <= moment(0)) {
            return;
        }
        if (home.pool.keepsNoMore() || !home.limits.tryEnter()) {
            waitLonger();
            return;
        }
        home.added();
        ConnectAttempt attempt = new ConnectAttempt(home, this);
        connecting = attempt;
        attempt.start();
    }

    /** A connection is gone. One that never carried a request was ended by a peer that wants no idle ones, or is about to go down. */
    void gone(PooledConnection connection) {
        if (connection.uses() == 0 && connection.isEndedByPeer()) {
            if (!closed && !waiting) {
                waitLonger();
            }
        } else {
            wait = FIRST_WAIT;
            refill();
        }
    }

    @Override
    public void connected(PooledConnection made) {
        connecting = null;
        made.established();
        home.pool.counters.upstreamConnected();
        home.keep(made);
        used = false;
        refill();
    }

    @Override
    public void failed(ProxyException cause) {
        connecting = null;
        waitLonger();
        home.notMade();
    }

    private void waitLonger() {
        if (!waiting) { // a connection may be gone, and the next fail, in one waiting
            waiting = true;
            home.wanted(1);
        }
        set((long) (wait * (0.5 + home.pool.loop.random().nextDouble() / 2)));
        wait = Math.min(2 * wait, LONGEST_WAIT);
    }

    @Override
    protected void expired() {
        waiting = false;
        refill();
        home.wanted(-1);
    }

    void close() {
        closed = true;
        ConnectAttempt attempt = connecting;
        connecting = null;
        if (attempt != null) {
            attempt.run();
            home.notMade();
        }
        remove();
        if (waiting) {
            waiting = false;
            home.wanted(-1);
        }
    }
}
