package dev.lawu.proxy.testing;

import java.util.ArrayDeque;
import java.util.Deque;

/** Events of the network that happen one after the other, each at its time. */
class TimedQueue extends Actor {
    final Scheduler scheduler;
    private final String name;
    private final Deque<Event> events = new ArrayDeque<>();
    private long last;

    TimedQueue(Scheduler scheduler, String name) {
        super(scheduler);
        this.scheduler = scheduler;
        this.name = name;
    }

    /** Adds what happens this many nanoseconds from now, but not before what was added earlier. */
    final void add(long delayNanos, Runnable action) {
        last = Math.max(last, scheduler.nanoTime() + delayNanos);
        if (events.isEmpty()) {
            scheduler.add(this);
        }
        events.add(new Event(last, action));
    }

    /** Forgets what has not happened yet. */
    final void clearEvents() {
        if (!events.isEmpty()) {
            events.clear();
            scheduler.remove(this);
        }
    }

    @Override
    final boolean isReady(long now) {
        Event first = events.peek();
        return first != null && first.at <= now;
    }

    @Override
    final long readyAt() {
        Event first = events.peek();
        return first == null ? NEVER : first.at;
    }

    @Override
    final void step() {
        Event event = events.remove();
        if (events.isEmpty()) {
            scheduler.remove(this);
        }
        event.action.run();
    }

    @Override
    final String describe() {
        return name + " (" + events.size() + " on the way)";
    }

    @Override
    public String toString() {
        return name;
    }

    private record Event(long at, Runnable action) {}
}
