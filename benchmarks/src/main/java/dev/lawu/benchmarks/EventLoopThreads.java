package dev.lawu.benchmarks;

import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Runs a benchmark in a thread of the kind that event loops have. Netty's allocators cache for those only; in a plain thread they are another, slower thing.
 *
 * <p>JMH makes it by its name ({@link #JMH_EXECUTOR}, {@link #JMH_EXECUTOR_CLASS}).
 */
public final class EventLoopThreads extends ThreadPoolExecutor {
    static final String JMH_EXECUTOR = "-Djmh.executor=CUSTOM";
    static final String JMH_EXECUTOR_CLASS = "-Djmh.executor.class=dev.lawu.benchmarks.EventLoopThreads";

    /** The constructor that JMH looks for. */
    public EventLoopThreads(int threads, String prefix) {
        super(
                threads,
                threads,
                0,
                TimeUnit.NANOSECONDS,
                new LinkedBlockingQueue<>(),
                new DefaultThreadFactory(prefix, true));
    }
}
