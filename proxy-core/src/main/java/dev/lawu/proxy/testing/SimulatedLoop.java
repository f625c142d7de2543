package dev.lawu.proxy.testing;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.AbstractScheduledEventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ScheduledFuture;
import io.netty.util.concurrent.Ticker;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * An event loop whose tasks are steps of the simulation, under the virtual clock. {@link #inEventLoop()} is true only while it executes one, so that code that forgot to hop shows.
 *
 * <p>Tasks may be added by any thread; everything else happens in the thread that drives the simulation.
 */
final class SimulatedLoop extends AbstractScheduledEventExecutor implements EventLoop {
    private final Scheduler scheduler;
    private final int index;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final Set<Channel> channels = new LinkedHashSet<>();
    private final DrivenPromise termination;
    private final Actor actor;
    private final Ticker ticker;
    private volatile boolean shuttingDown;
    private volatile boolean terminated;

    SimulatedLoop(EventLoopGroup group, Scheduler scheduler, int index) {
        super(group);
        this.scheduler = scheduler;
        this.index = index;
        this.termination = new DrivenPromise(scheduler);
        this.actor = new LoopActor();
        this.ticker = new VirtualTicker();
        scheduler.add(actor);
    }

    /** Runs this at once as a task of this loop, though another task may be running. */
    void runNow(Runnable task) {
        scheduler.runOn(this, task);
    }

    /** A channel was registered; it is closed when the loop shuts down. */
    void registered(Channel channel) {
        channels.add(channel);
    }

    void deregistered(Channel channel) {
        channels.remove(channel);
    }

    @Override
    public EventLoopGroup parent() {
        return (EventLoopGroup) super.parent();
    }

    @Override
    public EventLoop next() {
        return this;
    }

    @Override
    public boolean inEventLoop(Thread thread) {
        return scheduler.isRunning(this, thread);
    }

    @Override
    public Ticker ticker() {
        return ticker;
    }

    @Override
    public void execute(Runnable task) {
        Objects.requireNonNull(task, "task");
        if (terminated) {
            throw new RejectedExecutionException(this + " is terminated");
        }
        tasks.add(task);
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
        return super.schedule(reporting(command), delay, unit);
    }

    @Override
    public <V> ScheduledFuture<V> schedule(Callable<V> callable, long delay, TimeUnit unit) {
        Objects.requireNonNull(callable, "callable");
        return super.schedule(
                () -> {
                    try {
                        return callable.call();
                    } catch (Throwable t) {
                        scheduler.fail(t);
                        throw t;
                    }
                },
                delay,
                unit);
    }

    @Override
    public ScheduledFuture<?> scheduleAtFixedRate(Runnable command, long initialDelay, long period, TimeUnit unit) {
        return super.scheduleAtFixedRate(reporting(command), initialDelay, period, unit);
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(Runnable command, long initialDelay, long delay, TimeUnit unit) {
        return super.scheduleWithFixedDelay(reporting(command), initialDelay, delay, unit);
    }

    /** Without this, what a timer throws is kept in a future that nobody reads. */
    private Runnable reporting(Runnable command) {
        Objects.requireNonNull(command, "command");
        return () -> {
            try {
                command.run();
            } catch (Throwable t) {
                scheduler.fail(t);
                throw t;
            }
        };
    }

    @Override
    public ChannelFuture register(Channel channel) {
        return register(new DefaultChannelPromise(channel, this));
    }

    @Override
    public ChannelFuture register(ChannelPromise promise) {
        promise.channel().unsafe().register(this, promise);
        return promise;
    }

    @Override
    @Deprecated
    public ChannelFuture register(Channel channel, ChannelPromise promise) {
        channel.unsafe().register(this, promise);
        return promise;
    }

    /** Closes the channels and terminates as soon as there is no task left: the quiet period is nobody's time here. */
    @Override
    public Future<?> shutdownGracefully(long quietPeriod, long timeout, TimeUnit unit) {
        if (!shuttingDown) {
            shuttingDown = true;
            tasks.add(() -> new ArrayList<>(channels)
                    .forEach(channel -> channel.unsafe().close(channel.voidPromise())));
        }
        return termination;
    }

    @Override
    @Deprecated
    @SuppressWarnings("InlineMeSuggester")
    public void shutdown() {
        shutdownGracefully();
    }

    @Override
    public Future<?> terminationFuture() {
        return termination;
    }

    @Override
    public boolean isShuttingDown() {
        return shuttingDown;
    }

    @Override
    public boolean isShutdown() {
        return terminated;
    }

    @Override
    public boolean isTerminated() {
        return terminated;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
        return termination.await(timeout, unit);
    }

    /** Always the same for the same seed: iteration over hashed loops must not differ from run to run. */
    @Override
    public int hashCode() {
        return actor.number;
    }

    @Override
    public String toString() {
        return "event loop " + index;
    }

    private void runOne() {
        fetchFromScheduledTaskQueue(tasks);
        Runnable task = tasks.poll();
        if (task != null) {
            task.run();
        } else if (shuttingDown) {
            cancelScheduledTasks();
            terminated = true;
            scheduler.remove(actor);
            termination.setSuccess(null);
        }
    }

    private final class LoopActor extends Actor {
        LoopActor() {
            super(scheduler);
        }

        @Override
        boolean isReady(long now) {
            return !tasks.isEmpty() || shuttingDown || readyAt() <= now;
        }

        @Override
        long readyAt() {
            long deadline = nextScheduledTaskDeadlineNanos();
            return deadline == -1 ? NEVER : deadline;
        }

        @Override
        void step() {
            scheduler.runOn(SimulatedLoop.this, SimulatedLoop.this::runOne);
        }

        @Override
        String describe() {
            Runnable first = tasks.peek();
            return SimulatedLoop.this + " (" + tasks.size() + " tasks"
                    + (first == null ? "" : ", first " + first.getClass().getName()) + ")";
        }
    }

    private final class VirtualTicker implements Ticker {
        @Override
        public long initialNanoTime() {
            return 0;
        }

        @Override
        public long nanoTime() {
            return scheduler.nanoTime();
        }

        @Override
        public void sleep(long delay, TimeUnit unit) {
            throw new UnsupportedOperationException("sleep in a simulation (expected: a scheduled task)");
        }
    }
}
