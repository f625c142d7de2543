package dev.lawu.proxy.internal.server;

import dev.lawu.proxy.internal.loop.LoopContext;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;

/** How long a task waits on an event loop, found by sending one when somebody asks. Thread-safe. */
final class LoopLag {
    private final LoopContext loop;
    private final AtomicBoolean waiting = new AtomicBoolean();
    private volatile long sentAt;
    private volatile long last;

    LoopLag(LoopContext loop) {
        this.loop = loop;
    }

    /** In nanoseconds: what the last task waited, or what one has waited that is still waiting, if that is more. */
    long sample() {
        long now = loop.time().nanoTime();
        if (!waiting.compareAndSet(false, true)) {
            return Math.max(last, now - sentAt);
        }
        long known = last;
        sentAt = now;
        try {
            loop.loop().execute(() -> {
                last = loop.time().nanoTime() - sentAt;
                waiting.set(false);
            });
        } catch (RejectedExecutionException ended) {
            waiting.set(false);
        }
        return known;
    }
}
