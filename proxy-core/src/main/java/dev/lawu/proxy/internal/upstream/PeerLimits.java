package dev.lawu.proxy.internal.upstream;

import dev.lawu.proxy.upstream.PoolKey;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the connections of all event loops to one peer share: how many there are, and who waits for one, in the order in which they came. Thread-safe.
 *
 * <p>Whoever makes a connection holds a permit, which it keeps until the connection is gone; then the permit goes to the first who waits. A connection that becomes idle goes to the first who waits,
 * too. That no wakeup is lost between loops rests on the order of two volatile accesses: who begins to wait is counted before it looks for idle connections, and a connection is counted as idle
 * before its loop looks whether somebody waits. So at least one of them sees the other.
 */
final class PeerLimits {
    /** How entering ended. */
    enum Entry {
        /** It may make a connection. */
        GRANTED,
        /** It waits. */
        QUEUED,
        /** As many wait as may. */
        FULL
    }

    private static final PeerConnections[] NOBODY = {};

    final PoolKey key;
    /** Changed only by {@link UpstreamPools}, under its map's lock. */
    int references;

    private final int most;
    private final int mostWaiting;
    /** Also holds some that are not {@code queued} any more, at most as many as are, and a few. */
    private final ArrayDeque<Opening> queue = new ArrayDeque<>();

    private int permits;
    private volatile int waiting;
    private volatile PeerConnections[] members = NOBODY;

    PeerLimits(PoolKey key) {
        this.key = key;
        this.most = key.peer().options().maxConnectionsPerPeer();
        this.mostWaiting = key.peer().options().maxWaiting();
    }

    // ---- the loops' parts

    /** The peer's connections on each loop that has some. Not to be changed. */
    PeerConnections[] members() {
        return members;
    }

    synchronized void join(PeerConnections member) {
        PeerConnections[] more = Arrays.copyOf(members, members.length + 1);
        more[members.length] = member;
        members = more;
    }

    synchronized void part(PeerConnections member) {
        List<PeerConnections> rest = new ArrayList<>(Arrays.asList(members));
        rest.remove(member);
        members = rest.toArray(NOBODY);
    }

    // ---- permits

    /** For a request: nobody overtakes those who wait. */
    synchronized Entry enter(Opening opening) {
        if (waiting == 0 && permits < most) {
            permits++;
            return Entry.GRANTED;
        }
        if (waiting >= mostWaiting) {
            return Entry.FULL;
        }
        opening.queued = true;
        queue.addLast(opening);
        waiting++;
        return Entry.QUEUED;
    }

    /** For a connection that no request waits for: true if it may be made. */
    synchronized boolean tryEnter() {
        if (waiting > 0 || permits >= most) {
            return false;
        }
        permits++;
        return true;
    }

    /** A permit is not needed any more. */
    void leave() {
        Opening next;
        do {
            synchronized (this) {
                next = poll();
                if (next == null) {
                    permits--;
                }
            }
        } while (next != null && !next.grant());
    }

    // ---- who waits

    /** How many wait. */
    int waiting() {
        return waiting;
    }

    /** The first who waits, who then waits for the caller alone; null if nobody does. */
    synchronized @Nullable Opening next() {
        return poll();
    }

    /** Somebody who was {@linkplain #next() called} in vain is the first again, or has a permit if there is one by now. */
    void callAgain(Opening opening) {
        synchronized (this) {
            if (permits >= most) {
                opening.queued = true;
                queue.addFirst(opening);
                waiting++;
                return;
            }
            permits++;
        }
        if (!opening.grant()) {
            leave();
        }
    }

    /** Gives up waiting; false if it was called by then. */
    synchronized boolean cancel(Opening opening) {
        if (!opening.queued) {
            return false;
        }
        opening.queued = false;
        waiting--;
        if (queue.size() > 2 * waiting + 16) {
            queue.removeIf(other -> !other.queued);
        }
        return true;
    }

    private synchronized @Nullable Opening poll() {
        Opening next;
        do {
            next = queue.pollFirst();
        } while (next != null && !next.queued);
        if (next != null) {
            next.queued = false;
            waiting--;
        }
        return next;
    }
}
