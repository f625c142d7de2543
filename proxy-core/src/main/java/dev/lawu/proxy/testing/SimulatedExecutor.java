package dev.lawu.proxy.testing;

import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;

/** Executes tasks as steps of the simulation, in the order in which they come; any thread may add them. */
final class SimulatedExecutor extends Actor implements Executor {
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();

    SimulatedExecutor(Scheduler scheduler) {
        super(scheduler);
        scheduler.add(this);
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(Objects.requireNonNull(task, "task"));
    }

    @Override
    boolean isReady(long now) {
        return !tasks.isEmpty();
    }

    @Override
    long readyAt() {
        return NEVER;
    }

    @Override
    void step() {
        tasks.remove().run();
    }

    @Override
    String describe() {
        return "executor (" + tasks.size() + " tasks)";
    }
}
