package dev.lawu.proxy.internal.loop;

import dev.lawu.proxy.spi.TimeSource;
import io.netty.channel.EventLoop;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The deadlines of one event loop: a binary heap by the earliest moment at which each must be looked at, with one scheduled task for the first of them.
 *
 * <p>A connection moves its deadline with every request, nearly always to a later moment; that costs a field write, and the heap sees the deadline again only when its old moment comes. So a busy
 * loop schedules a task every few seconds instead of several for each request.
 */
public final class DeadlineQueue implements Runnable {
    private static final Logger logger = LoggerFactory.getLogger(DeadlineQueue.class);

    private final EventLoop loop;
    private final TimeSource time;
    private final long origin;
    private Deadline[] heap = new Deadline[64];
    private int size;
    /** When the scheduled task runs; NONE if there is none. Tasks that became superfluous find nothing due. */
    private long wakeUp = Deadline.NONE;

    DeadlineQueue(EventLoop loop, TimeSource time) {
        this.loop = loop;
        this.time = time;
        this.origin = time.nanoTime();
    }

    long now() {
        return time.nanoTime() - origin;
    }

    void place(Deadline deadline) {
        deadline.key = deadline.due;
        if (deadline.index < 0) {
            if (size == heap.length) {
                heap = Arrays.copyOf(heap, size * 2);
            }
            put(size++, deadline);
        }
        up(deadline.index);
        if (heap[0].key < wakeUp) {
            schedule();
        }
    }

    void remove(Deadline deadline) {
        int at = deadline.index;
        if (at < 0) {
            return;
        }
        deadline.index = -1;
        Deadline last = heap[--size];
        heap[size] = null;
        if (last != deadline) {
            put(at, last);
            up(at);
            down(last.index);
        }
    }

    private void schedule() {
        wakeUp = heap[0].key;
        loop.schedule(this, wakeUp - now(), TimeUnit.NANOSECONDS);
    }

    /** Runs what is due; called by the loop. */
    @Override
    public void run() {
        long now = now();
        if (now < wakeUp) {
            return; // an earlier task has taken over
        }
        wakeUp = Long.MIN_VALUE;
        while (size > 0 && heap[0].key <= now) {
            Deadline first = heap[0];
            if (first.due > now) {
                if (first.due == Deadline.NONE) {
                    remove(first);
                } else {
                    first.key = first.due;
                    down(0);
                }
            } else {
                remove(first);
                first.due = Deadline.NONE;
                try {
                    first.expired();
                } catch (Throwable e) {
                    // A bug, but of what this one guards: the other deadlines go on.
                    logger.error("a deadline's end failed", e);
                }
            }
        }
        wakeUp = Deadline.NONE;
        if (size > 0) {
            schedule();
        }
    }

    private void put(int at, Deadline deadline) {
        heap[at] = deadline;
        deadline.index = at;
    }

    private void up(int at) {
        Deadline moving = heap[at];
        while (at > 0 && heap[(at - 1) >>> 1].key > moving.key) {
            put(at, heap[(at - 1) >>> 1]);
            at = (at - 1) >>> 1;
        }
        put(at, moving);
    }

    private void down(int at) {
        Deadline moving = heap[at];
        for (int child = 2 * at + 1; child < size; child = 2 * at + 1) {
            if (child + 1 < size && heap[child + 1].key < heap[child].key) {
                child++;
            }
            if (heap[child].key >= moving.key) {
                break;
            }
            put(at, heap[child]);
            at = child;
        }
        put(at, moving);
    }
}
