package dev.lawu.proxy.internal.loop;

import dev.lawu.proxy.spi.TimeSource;
import io.netty.channel.EventLoop;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The deadlines of one event loop: a binary heap by the earliest moment at which each must be looked at, with one scheduled task for the first of them.
 *
 * <p>A connection moves its deadline with every request, nearly always to a later moment; that costs a field write, and the heap sees the deadline again only when its old moment comes. So a busy
 * loop schedules a task every few seconds instead of several for each request.
 */
public final class DeadlineQueue {
    private static final Logger logger = LoggerFactory.getLogger(DeadlineQueue.class);

    private final EventLoop loop;
    private final TimeSource time;
    private final long origin;
    private Deadline[] heap = new Deadline[64];
    private int size;
    /** The task that is to run next; null if there is none. Others are superfluous: an earlier one has taken over. */
    private @Nullable WakeUp next;

    private boolean running;

    /** A task. It knows its moment, because the loop's clock may be ahead of ours: what comes too early comes again. */
    private final class WakeUp implements Runnable {
        final long at;

        WakeUp(long at) {
            this.at = at;
        }

        @Override
        public void run() {
            if (next != this) {
                return;
            }
            long now = now();
            if (now < at) {
                loop.schedule(this, at - now, TimeUnit.NANOSECONDS);
            } else {
                expire(now);
            }
        }
    }

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
        WakeUp scheduled = next;
        if (!running && (scheduled == null || heap[0].key < scheduled.at)) {
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
        WakeUp task = new WakeUp(heap[0].key);
        next = task;
        loop.schedule(task, task.at - now(), TimeUnit.NANOSECONDS);
    }

    private void expire(long now) {
        next = null;
        running = true;
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
        running = false;
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
