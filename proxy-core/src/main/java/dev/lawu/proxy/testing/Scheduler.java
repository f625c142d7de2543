package dev.lawu.proxy.testing;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.StringJoiner;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The virtual clock, and who may do the next step. Everything happens in the thread that drives it. */
final class Scheduler {
    /** Not zero, so that a time that was never set shows. */
    static final long ORIGIN = 1_000_000_000L;

    private static final int TRACE_LINES = 10_000;

    private final String name;
    /** Chooses among the ready actors; null for taking turns. */
    private final @Nullable RandomGenerator choice;

    private final List<Actor> actors = new ArrayList<>();
    private final List<Actor> ready = new ArrayList<>();
    private final Deque<String> trace = new ArrayDeque<>();
    private long maxSteps = 1_000_000;
    private int actorNumbers;
    private int lastActor = -1;
    private volatile long now = ORIGIN;
    private volatile @Nullable SimulatedLoop running;
    private volatile @Nullable Thread runner;
    private boolean stepping;
    private @Nullable Throwable failure;

    Scheduler(String name, @Nullable RandomGenerator choice) {
        this.name = name;
        this.choice = choice;
    }

    int nextActorNumber() {
        return actorNumbers++;
    }

    void add(Actor actor) {
        actors.add(actor);
    }

    void remove(Actor actor) {
        actors.remove(actor);
    }

    long nanoTime() {
        return now;
    }

    void maxSteps(long value) {
        maxSteps = value;
    }

    /** Whether this loop is executing a task now, in this thread. */
    boolean isRunning(SimulatedLoop loop, Thread thread) {
        return running == loop && runner == thread;
    }

    /** Runs this as a task of the loop, whatever runs now. */
    void runOn(SimulatedLoop loop, Runnable task) {
        SimulatedLoop outerLoop = running;
        Thread outerThread = runner;
        running = loop;
        runner = Thread.currentThread();
        try {
            task.run();
        } finally {
            running = outerLoop;
            runner = outerThread;
        }
    }

    /** Makes the present step fail, for what Netty would only keep in a future that nobody reads. */
    void fail(Throwable cause) {
        if (failure == null) {
            failure = cause;
        }
    }

    /** Does all that can be done without time passing. */
    void run() {
        for (long steps = 0; step(); steps++) {
            checkSteps(steps);
        }
    }

    void advance(Duration duration) {
        long target = Math.addExact(now, duration.toNanos());
        run();
        for (long next = nextTime(); next <= target; next = nextTime()) {
            now = Math.max(now, next);
            run();
        }
        now = target;
    }

    /** Whether the condition came true within the limit. */
    boolean runUntil(BooleanSupplier condition, Duration limit) {
        long target = Math.addExact(now, limit.toNanos());
        long steps = 0;
        while (!condition.getAsBoolean()) {
            if (step()) {
                checkSteps(steps++);
                continue;
            }
            long next = nextTime();
            if (next > target) {
                now = target;
                return condition.getAsBoolean();
            }
            now = Math.max(now, next);
            steps = 0;
        }
        return true;
    }

    /** Does one step; false if nobody is ready. */
    private boolean step() {
        if (stepping || running != null) {
            throw new IllegalStateException(
                    "the simulation is run by a step of itself (expected: run() and its kin are called by the test, not by callbacks)");
        }
        ready.clear();
        for (Actor actor : actors) {
            if (actor.isReady(now)) {
                ready.add(actor);
            }
        }
        if (ready.isEmpty()) {
            return false;
        }
        Actor actor = choose();
        lastActor = actor.number;
        stepping = true;
        try {
            actor.step();
        } finally {
            stepping = false;
        }
        Throwable thrown = failure;
        if (thrown != null) {
            failure = null;
            throw new AssertionError("a scheduled task threw in " + actor.describe() + ", " + this, thrown);
        }
        return true;
    }

    private Actor choose() {
        if (choice != null) {
            return ready.get(ready.size() == 1 ? 0 : choice.nextInt(ready.size()));
        }
        Actor lowest = ready.get(0);
        Actor next = null;
        for (Actor actor : ready) {
            if (actor.number > lastActor && (next == null || actor.number < next.number)) {
                next = actor;
            }
            if (actor.number < lowest.number) {
                lowest = actor;
            }
        }
        return next == null ? lowest : next;
    }

    private long nextTime() {
        long next = Actor.NEVER;
        for (Actor actor : actors) {
            next = Math.min(next, actor.readyAt());
        }
        return next;
    }

    private void checkSteps(long steps) {
        if (steps >= maxSteps) {
            throw new IllegalStateException("not quiet after " + maxSteps + " steps, " + this + ". Busy: " + busy()
                    + ". Last on the network:\n" + lastTrace(10));
        }
    }

    /** Who has something to do, now or later. */
    String busy() {
        StringJoiner names = new StringJoiner(", ");
        for (Actor actor : actors) {
            if (actor.isReady(now)) {
                names.add(actor.describe());
            } else if (actor.readyAt() != Actor.NEVER) {
                names.add(actor.describe() + " in " + Duration.ofNanos(actor.readyAt() - now));
            }
        }
        return names.length() == 0 ? "nobody" : names.toString();
    }

    void trace(Object who, String what) {
        if (trace.size() == TRACE_LINES) {
            trace.remove();
        }
        trace.add((now - ORIGIN) / 1000 + " us  " + who + "  " + what);
    }

    List<String> trace() {
        return List.copyOf(trace);
    }

    private String lastTrace(int lines) {
        List<String> all = trace();
        return String.join("\n", all.subList(Math.max(0, all.size() - lines), all.size()));
    }

    /** How to find this moment again. */
    @Override
    public String toString() {
        return name + " after " + Duration.ofNanos(now - ORIGIN);
    }
}
