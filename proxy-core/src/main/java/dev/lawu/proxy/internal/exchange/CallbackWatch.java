package dev.lawu.proxy.internal.exchange;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Which callback an event loop is in. The loop writes two fields around each callback; a watchdog thread looks from time to time, and a callback that it finds twice has held the loop for at least
 * that long. So the clock is never read for it.
 */
public final class CallbackWatch {
    private static final VarHandle ENTERED;

    static {
        try {
            ENTERED = MethodHandles.lookup().findVarHandle(CallbackWatch.class, "entered", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private @Nullable Participant participant;
    private @Nullable Phase phase;
    private long entered; // odd while a callback is running; written in release mode, read in acquire mode
    private volatile @Nullable Thread thread;

    /* The watchdog's memory. */
    private long seen;
    private long reported;

    void enter(Phase phase, Participant participant) {
        this.phase = phase;
        this.participant = participant;
        ENTERED.setRelease(this, entered + 1);
    }

    void exit() {
        ENTERED.setRelease(this, entered + 1);
    }

    /** Says which thread runs the loop; by the loop itself. */
    public void runsOn(Thread thread) {
        this.thread = thread;
    }

    /**
     * For the watchdog: called at intervals of the threshold.
     *
     * @return what to report: the callback that was running at the last call, too, and was not reported yet; else null
     */
    public @Nullable String sample() {
        long now = (long) ENTERED.getAcquire(this);
        if ((now & 1) == 0) {
            return null;
        }
        if (now != seen) {
            seen = now;
            return null;
        }
        if (now == reported) {
            return null;
        }
        reported = now;
        Phase p = phase;
        Participant who = participant;
        Thread t = thread;
        StringBuilder text = new StringBuilder();
        text.append(who == null ? "?" : who.name).append('.').append(p == null ? "?" : p.method);
        if (t != null) {
            text.append(" on ").append(t.getName());
            for (StackTraceElement frame : t.getStackTrace()) {
                text.append("\n\tat ").append(frame);
            }
        }
        return text.toString();
    }
}
