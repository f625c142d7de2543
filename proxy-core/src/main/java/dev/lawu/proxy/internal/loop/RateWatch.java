package dev.lawu.proxy.internal.loop;

import dev.lawu.proxy.http.DataRate;

/**
 * Sees that bytes move no more slowly than a {@link DataRate} while they are waited for; for any protocol, either direction. Confined to its loop.
 *
 * <p>It is a leaky bucket that is looked at only when it may have run empty. What moves is counted, an addition for each read; when the time that was earned has passed while it was being
 * waited for, what was counted since is turned into the next time. So a trickle is found out after the grace, and a rate that is only a little too low after a few graces; one that suffices never is,
 * however unevenly it comes within the grace.
 */
public abstract class RateWatch extends Deadline {
    private DataRate rate = DataRate.NONE;
    private long graceNanos;
    private double nanosPerByte;
    private long moved;
    /** Of the time that was earned: what is left of it while nobody waits. */
    private long left;
    /** The time that runs was a whole grace: there is no debt. */
    private boolean whole;

    private boolean waiting;

    protected RateWatch(LoopContext loop) {
        super(loop);
    }

    /** Begins anew, with this rate and the whole grace. Nobody waits. */
    public final void restart(DataRate least) {
        rate = least;
        graceNanos = least.grace().toNanos();
        nanosPerByte = 1e9 / least.bytesPerSecond();
        waiting = false;
        cancel();
        moved = 0;
        left = graceNanos;
        whole = true;
    }

    /** The rate. */
    public final DataRate rate() {
        return rate;
    }

    /** So many bytes have moved. */
    public final void count(long bytes) {
        moved += bytes;
    }

    /** From now on it is the other side that is waited for, or it is no more. */
    public final void waitFor(boolean other) {
        if (other == waiting || rate.isNone()) {
            return;
        }
        waiting = other;
        if (other) {
            set(left);
        } else {
            left = remaining();
            cancel();
        }
    }

    @Override
    protected final void expired() {
        measure();
        long earned = (long) Math.min((double) moved * nanosPerByte, (double) graceNanos);
        if (moved == 0 && whole) {
            earned = graceNanos;
        } else if (earned == 0) {
            waiting = false;
            tooSlow();
            return;
        }
        moved = 0;
        whole = earned == graceNanos;
        set(earned);
    }

    /** Called before it is judged what has moved: for those that do not {@link #count} as it moves. */
    protected void measure() {}

    /** Less than the rate has moved. Nobody is waited for any more. */
    protected abstract void tooSlow();
}
