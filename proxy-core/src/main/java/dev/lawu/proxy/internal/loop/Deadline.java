package dev.lawu.proxy.internal.loop;

/**
 * A moment at which something gives up, set and moved often and reached rarely. Embedded in what it guards; confined to its loop.
 *
 * <p>Moving it later writes one field: the {@link DeadlineQueue} looks again when the old moment comes.
 */
public abstract class Deadline {
    static final long NONE = Long.MAX_VALUE;

    private final DeadlineQueue queue;
    /** When it is due, in the queue's nanoseconds since its start; NONE if it is off. */
    long due = NONE;
    /** What the queue's heap is ordered by: never later than {@code due}. */
    long key;
    /** The place in the heap; -1 if it is not there. */
    int index = -1;

    protected Deadline(LoopContext loop) {
        this.queue = loop.deadlines();
    }

    /** Sets or moves the moment to this many nanoseconds from now. */
    public final void set(long nanosFromNow) {
        due = queue.now() + Math.max(nanosFromNow, 0);
        if (index < 0 || due < key) {
            queue.place(this);
        }
    }

    /** The moment this many nanoseconds from now, for {@link #set(long, long)}; on this loop alone. */
    protected final long moment(long nanosFromNow) {
        return queue.now() + nanosFromNow;
    }

    /** Sets it to this many nanoseconds from now, but not later than a {@linkplain #moment moment}; false, and off, if that has come. */
    protected final boolean set(long nanosFromNow, long latest) {
        long now = queue.now();
        if (latest <= now) {
            due = NONE;
            return false;
        }
        due = Math.min(now + Math.max(nanosFromNow, 0), latest);
        if (index < 0 || due < key) {
            queue.place(this);
        }
        return true;
    }

    /** Turns it off. */
    public final void cancel() {
        due = NONE;
    }

    /** Turns it off and forgets it at once, so that the queue does not keep what it guards alive. */
    public final void remove() {
        due = NONE;
        queue.remove(this);
    }

    /** True if it is set. */
    public final boolean isSet() {
        return due != NONE;
    }

    /** The moment has come; the deadline is off. */
    protected abstract void expired();
}
