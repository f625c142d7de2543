package dev.lawu.proxy.testkit;

import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test class after which a resource of Netty's is found to be garbage that nobody released. Registered for every
 * test of every module, by {@code META-INF/services}.
 *
 * <p>A resource that something still reaches is not garbage yet: a pool left open hides its buffers from this check, and
 * they count against the class during which they become garbage.
 */
public final class LeakCheck implements AfterAllCallback {
    /** Two rounds, for what is reachable only from objects that the first one finds dead. */
    private static final int ROUNDS = 2;

    /** What one class may cost; a hundred classes stay under fifteen seconds. */
    private static final long BUDGET_NANOS = TimeUnit.MILLISECONDS.toNanos(150);

    @Override
    public void afterAll(ExtensionContext context) {
        if (context.getRequiredTestClass().getEnclosingClass() != null) {
            return; // a nested class: its outermost one checks
        }
        List<String> leaks = findLeaks();
        if (!leaks.isEmpty()) {
            throw new AssertionError(leaks.size() + " leak(s) found after "
                    + context.getRequiredTestClass().getName() + ":\n" + String.join("\n", leaks));
        }
    }

    /** Collects garbage, then takes what the detectors reported. Costs nothing if no resource was tracked meanwhile. */
    static List<String> findLeaks() {
        if (FailingLeakDetector.resetTracked()) {
            long start = System.nanoTime();
            for (int round = 0; round < ROUNDS && System.nanoTime() - start < BUDGET_NANOS; round++) {
                collectGarbage(BUDGET_NANOS - (System.nanoTime() - start));
                FailingLeakDetector.poll();
            }
        }
        return FailingLeakDetector.drain();
    }

    /** Returns once the collector has enqueued a reference that was dead before, and with it Netty's own. */
    private static void collectGarbage(long timeoutNanos) {
        ReferenceQueue<Object> queue = new ReferenceQueue<>();
        PhantomReference<Object> sentinel = new PhantomReference<>(new Object(), queue);
        System.gc();
        try {
            queue.remove(Math.max(1, TimeUnit.NANOSECONDS.toMillis(timeoutNanos)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        sentinel.clear(); // and keeps it reachable until here
    }
}
