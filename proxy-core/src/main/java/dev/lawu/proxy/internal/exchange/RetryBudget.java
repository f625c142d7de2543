package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.ProxyOptions;
import java.time.Duration;
import java.util.Arrays;

/**
 * How many retries one event loop may make: a part of the requests in a sliding window, so that an upstream that fails is not given many times its load. Confined to the loop.
 *
 * <p>The window is a ring of slots; the oldest goes as a whole, so the window is up to a slot shorter than it says.
 */
final class RetryBudget {
    private static final int SLOTS = 10;

    private final int percent;
    private final int least;
    private final Duration window;
    private final long slotNanos;
    private final int[] requests = new int[SLOTS];
    private final int[] retries = new int[SLOTS];
    private int slot;
    private long slotEnd;
    private boolean begun;

    RetryBudget(ProxyOptions options) {
        percent = options.retryBudgetPercent();
        least = options.retryBudgetMinimum();
        window = options.retryBudgetWindow();
        slotNanos = window.toNanos() / SLOTS;
    }

    /** A request has begun. */
    void request(long now) {
        if (!begun || now - slotEnd >= 0) {
            turn(now);
        }
        requests[slot]++;
    }

    /** Takes a retry from the budget; false if there is none left. */
    boolean take(long now) {
        turn(now);
        if (sum(retries) >= allowed()) {
            return false;
        }
        retries[slot]++;
        return true;
    }

    /** What was asked of the budget lately, for the line of a retry that it refused. */
    String describe() {
        return sum(retries) + " retries for " + sum(requests) + " requests within " + window + " on this event loop"
                + " (expected: less than " + percent + " %, or " + least + ")";
    }

    private long allowed() {
        return Math.max(least, sum(requests) * percent / 100);
    }

    private static long sum(int[] slots) {
        long sum = 0;
        for (int count : slots) {
            sum += count;
        }
        return sum;
    }

    private void turn(long now) {
        if (!begun || now - slotEnd >= SLOTS * slotNanos) {
            begun = true;
            Arrays.fill(requests, 0);
            Arrays.fill(retries, 0);
            slotEnd = now + slotNanos;
            return;
        }
        while (now - slotEnd >= 0) {
            slot = (slot + 1) % SLOTS;
            requests[slot] = 0;
            retries[slot] = 0;
            slotEnd += slotNanos;
        }
    }
}
