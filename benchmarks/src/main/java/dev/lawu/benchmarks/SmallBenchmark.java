package dev.lawu.benchmarks;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * How a step of a request is measured: one thread, as an event loop has one; nanoseconds a call; a JVM of its own for each benchmark, so that none profits from another's profile.
 *
 * <p>Netty's sampling of leaks is off: it would put one buffer of 128 into a wrapper, perhaps the one that is measured.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = SmallBenchmark.NO_LEAK_SAMPLING)
public abstract class SmallBenchmark {
    /** For a benchmark that needs a {@code Fork} of its own. */
    public static final String NO_LEAK_SAMPLING = "-Dio.netty.leakDetection.level=disabled";
}
