package dev.lawu.proxy.internal.upstream;

import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.internal.loop.Deadline;
import dev.lawu.proxy.spi.Connector;
import dev.lawu.proxy.upstream.HttpPeer;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A request that found no idle connection on its loop. Running it cancels. Confined to its loop, but for what says otherwise.
 *
 * <pre>
 *   WAITING --permit--&gt; ASKING --refused by all, or head start over--&gt; CONNECTING --connected, failed--&gt; DONE
 *   WAITING, ASKING, CONNECTING --a connection comes from another loop, or the pool--&gt; DONE
 * </pre>
 *
 * <p>WAITING is left out while there are fewer connections than there may be, ASKING if no other loop has an idle one. In ASKING and CONNECTING it holds a permit for the connection that it makes.
 * Who asks another loop gives it a head start of {@link #HEAD_START}, far more than it takes if that loop is not held up, and then connects as well; the first that comes is used, and what comes
 * later goes to the pool. A loop that did not answer in time is not asked again by this one until it has.
 */
final class Opening extends Deadline implements ConnectAttempt.Done, Runnable {
    private enum State {
        WAITING,
        ASKING,
        CONNECTING,
        DONE
    }

    private static final long HEAD_START = TimeUnit.MILLISECONDS.toNanos(2);

    final PeerConnections home;
    /** It stands in the queue; guarded by the {@link PeerLimits}. */
    boolean queued;
    /** How many loops were considered; the {@link Takeover}'s. */
    int asked;

    /** The loop that was asked last. */
    @Nullable
    UpstreamPool askedLast;

    private final HttpPeer chosen;
    private final Connector.Request request;
    private final boolean fresh;
    private @Nullable ConnectAttempt connecting;
    private State state = State.WAITING;

    Opening(PeerConnections home, HttpPeer chosen, Connector.Request request) {
        super(home.pool.loop);
        this.home = home;
        this.chosen = chosen;
        this.request = request;
        this.fresh = request.isFresh();
    }

    /** True if it must have a new connection; for any thread. */
    boolean isFresh() {
        return fresh;
    }

    void start() {
        home.pool.begun(this);
        home.wanted(1);
        switch (home.limits.enter(this)) {
            case GRANTED -> proceed();
            case QUEUED -> {
                home.pool.counters.upstreamWaiting(1);
                set(chosen.options().waitTimeout().toNanos());
                haveIdleServed();
            }
            case FULL -> {
                done();
                request.onFailure(ProxyException.upstream(
                        ErrorType.OVERLOAD,
                        chosen + ": " + home.limits.waiting() + " requests wait for one of "
                                + chosen.options().maxConnectionsPerPeer() + " connections (expected: at most "
                                + chosen.options().maxWaiting() + ")",
                        null));
            }
        }
    }

    /** Idle connections of any loop are for those who wait. */
    private void haveIdleServed() {
        for (PeerConnections member : home.limits.members()) {
            if (member.idleCount() > 0) {
                if (member == home) {
                    home.serveSoon();
                } else {
                    try {
                        member.pool.loop.loop().execute(member::serve);
                    } catch (RejectedExecutionException e) {
                        // That loop has ended and closes what it has.
                    }
                }
            }
        }
    }

    /** There is a permit. For any thread; false if the loop has ended. */
    boolean grant() {
        try {
            home.pool.loop.loop().execute(this::granted);
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    private void granted() {
        if (state == State.WAITING) {
            stopWaiting();
            proceed();
        } else {
            home.limits.leave();
        }
    }

    private void stopWaiting() {
        cancel();
        home.pool.counters.upstreamWaiting(-1);
    }

    private void proceed() {
        home.added();
        state = State.ASKING;
        if (fresh || !home.pool.pools.takeover.ask(this)) {
            connect();
        } else {
            set(HEAD_START);
        }
    }

    private void connect() {
        cancel();
        state = State.CONNECTING;
        ConnectAttempt attempt = new ConnectAttempt(home, this);
        connecting = attempt;
        attempt.start();
    }

    // ---- what comes of it

    /** The loop that was asked has none. */
    void refused(UpstreamPool by) {
        home.pool.answered(by);
        if (state == State.ASKING && !home.pool.pools.takeover.ask(this)) {
            connect();
        }
    }

    /** A connection that was on its way here is lost. */
    void missed(UpstreamPool from) {
        if (state == State.WAITING) {
            home.pool.answered(from);
            home.limits.callAgain(this);
        } else {
            refused(from);
        }
    }

    /** Here is a connection, from this loop's pool or another's. */
    void received(PooledConnection connection, UpstreamPool from) {
        home.pool.answered(from);
        if (connection.isGone()) {
            missed(from);
        } else if (state == State.DONE || home.pool.isClosed()) {
            connection.home().keep(connection);
        } else {
            giveUp();
            connection.lend(chosen);
            home.pool.counters.upstreamReused();
            request.onOpen(connection.connection(), true);
        }
    }

    @Override
    public void connected(PooledConnection made) {
        connecting = null;
        done();
        made.established();
        made.lend(chosen);
        home.pool.counters.upstreamConnected();
        request.onOpen(made.connection(), false);
    }

    @Override
    public void failed(ProxyException cause) {
        connecting = null;
        giveUp();
        request.onFailure(cause);
    }

    @Override
    protected void expired() {
        if (state == State.ASKING) {
            UpstreamPool late = askedLast;
            if (late != null) {
                home.pool.overdue(late);
            }
            connect();
        } else if (state == State.WAITING) {
            home.pool.counters.upstreamWaitTimedOut();
            giveUp();
            request.onFailure(ProxyException.upstream(
                    ErrorType.POOL_TIMEOUT,
                    chosen + ": none of " + chosen.options().maxConnectionsPerPeer()
                            + " connections became free within "
                            + chosen.options().waitTimeout(),
                    null));
        }
    }

    /** The server is shutting down. */
    void shutDown() {
        if (state != State.DONE) {
            giveUp();
            request.onFailure(UpstreamPool.shuttingDown());
        }
    }

    @Override
    public void run() {
        if (state != State.DONE) {
            giveUp();
        }
    }

    /** Ends it, and whatever it has begun. */
    private void giveUp() {
        State before = state;
        ConnectAttempt attempt = connecting;
        connecting = null;
        state = State.DONE;
        if (before == State.WAITING) {
            stopWaiting();
            home.limits.cancel(this); // or it was called: then it gives back what it gets
        } else {
            if (attempt != null) {
                attempt.run();
            }
            home.notMade();
        }
        done();
    }

    private void done() {
        state = State.DONE;
        remove();
        home.pool.ended(this);
        home.wanted(-1);
    }
}
