package dev.lawu.proxy.internal.upstream;

import java.util.concurrent.RejectedExecutionException;

/**
 * Takes connections over by asking the loop that has them: it takes one from its own list, so that nothing idle is reached by two threads, and {@linkplain Move moves} it. An answer of a loop that is
 * held up may come late or never; who asked does not wait for it.
 */
final class LoopTakeover implements Takeover {
    private final UpstreamPools pools;

    LoopTakeover(UpstreamPools pools) {
        this.pools = pools;
    }

    @Override
    public boolean ask(Opening opening) {
        PeerConnections[] members = opening.home.limits.members();
        UpstreamPool own = opening.home.pool;
        while (opening.asked < members.length) {
            // Not all begin with the same one.
            PeerConnections other = members[(own.index + opening.asked++) % members.length];
            if (other.pool != own && other.idleCount() > 0 && !own.isOverdue(other.pool)) {
                try {
                    other.pool.loop.loop().execute(() -> give(other, opening));
                    opening.askedLast = other.pool;
                    return true;
                } catch (RejectedExecutionException e) {
                    // That loop has ended; the next may have not.
                }
            }
        }
        return false;
    }

    /** On the loop that was asked. */
    private void give(PeerConnections from, Opening opening) {
        PooledConnection connection = from.limits.waiting() > 0 ? null : from.takeIdle();
        if (connection != null) {
            if (send(connection, opening)) {
                return;
            }
            from.keep(connection);
        }
        try {
            opening.home.pool.loop.loop().execute(() -> opening.refused(from.pool));
        } catch (RejectedExecutionException e) {
            // Who asked has gone.
        }
    }

    @Override
    public boolean send(PooledConnection connection, Opening to) {
        PeerConnections from = connection.home();
        if (!connection.detach()) {
            return false;
        }
        Move move = new Move(pools, connection, to);
        from.sent();
        move.start();
        return true;
    }
}
