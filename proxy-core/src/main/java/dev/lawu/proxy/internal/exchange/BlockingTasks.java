package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.ProxyException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs callbacks that may block: on virtual threads where the JVM has them, else on a pool, or on the user's executor; with a cap on how many run and a finite queue. Thread-safe.
 */
public final class BlockingTasks {
    private static final Logger logger = LoggerFactory.getLogger(BlockingTasks.class);

    private final Executor executor;
    private final @Nullable ExecutorService owned;
    private final int concurrency;
    private final int queueLimit;
    private final Queue<Waiting> waiting = new ArrayDeque<>();
    private int running;

    private record Waiting(Runnable task, Consumer<ProxyException> refused) {}

    public BlockingTasks(@Nullable Executor executor, int concurrency, int queueLimit) {
        ExecutorService ours = executor == null ? newExecutor() : null;
        this.owned = ours;
        this.executor = ours != null ? ours : Objects.requireNonNull(executor);
        this.concurrency = concurrency;
        this.queueLimit = queueLimit;
    }

    private static ExecutorService newExecutor() {
        try {
            // The library's baseline is 17; virtual threads are in 21 and later.
            MethodHandle newVirtual = MethodHandles.publicLookup()
                    .findStatic(
                            Executors.class,
                            "newVirtualThreadPerTaskExecutor",
                            MethodType.methodType(ExecutorService.class));
            return (ExecutorService) newVirtual.invokeExact();
        } catch (NoSuchMethodException e) {
            AtomicInteger number = new AtomicInteger();
            return new ThreadPoolExecutor(
                    0, Integer.MAX_VALUE, 30, TimeUnit.SECONDS, new SynchronousQueue<>(), task -> {
                        Thread thread = new Thread(task, "lawu-blocking-" + number.incrementAndGet());
                        thread.setDaemon(true);
                        return thread;
                    });
        } catch (Throwable e) {
            throw new LinkageError("Executors.newVirtualThreadPerTaskExecutor", e);
        }
    }

    /**
     * Runs the task now or later on another thread. Throws a {@link ProxyException} of type OVERLOAD if too many are waiting, or if the executor refuses it.
     *
     * @param refused told instead, on any thread, if the executor refuses the task after it had waited
     */
    public void run(Runnable task, Consumer<ProxyException> refused) {
        synchronized (this) {
            if (running >= concurrency) {
                if (waiting.size() >= queueLimit) {
                    throw ProxyException.internal(
                            ErrorType.OVERLOAD,
                            "blocking callbacks: " + running + " running and " + waiting.size()
                                    + " waiting (expected: at most " + concurrency + " and " + queueLimit + ")",
                            null);
                }
                waiting.add(new Waiting(task, refused));
                return;
            }
            running++;
        }
        ProxyException refusal = start(task);
        if (refusal != null) {
            passOn();
            throw refusal;
        }
    }

    /** Gives the place of a task that was refused to those that wait for one: there may be no other task whose end would start them. */
    private void passOn() {
        for (Waiting next = next(); next != null; next = next()) {
            ProxyException refusal = start(next.task);
            if (refusal == null) {
                return;
            }
            next.refused.accept(refusal);
        }
    }

    /** Null if the executor took it. */
    private @Nullable ProxyException start(Runnable first) {
        try {
            executor.execute(() -> {
                Runnable task = first;
                while (task != null) {
                    try {
                        task.run();
                    } catch (Throwable e) {
                        logger.error("a blocking task failed", e);
                    }
                    Waiting next = next();
                    task = next == null ? null : next.task;
                }
            });
            return null;
        } catch (Throwable e) { // an OutOfMemoryError, too: there may be no more threads
            return ProxyException.internal(ErrorType.OVERLOAD, "the blocking executor refused a task: " + e, e);
        }
    }

    private synchronized @Nullable Waiting next() {
        Waiting next = waiting.poll();
        if (next == null) {
            running--;
        }
        return next;
    }

    /** How many run or wait. */
    public synchronized int count() {
        return running + waiting.size();
    }

    /** Interrupts what runs, if the executor is ours. */
    public void close() {
        if (owned != null) {
            owned.shutdownNow();
        }
    }
}
