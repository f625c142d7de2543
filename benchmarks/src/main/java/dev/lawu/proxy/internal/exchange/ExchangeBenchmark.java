package dev.lawu.proxy.internal.exchange;

import dev.lawu.benchmarks.SmallBenchmark;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A whole exchange through the machine, and nothing but the machine: subtract {@link #stubsAlone}. */
public class ExchangeBenchmark extends SmallBenchmark {
    /** A machine, and the check that it did what it should. */
    @State(Scope.Thread)
    public abstract static class Machine {
        StubbedEngine engine = new StubbedEngine(List.of());

        @TearDown
        public void close() {
            engine.close();
        }
    }

    /** The smallest machine. */
    public static class Bare extends Machine {}

    /** Filters of heads. */
    public static class WithHeadFilters extends Machine {
        @Param({"0", "3", "10"})
        public int filters;

        @Setup
        public void build() {
            engine.close();
            engine = new StubbedEngine(PassingFilters.ofHeads(filters));
        }
    }

    /** Filters of heads and of the response's body. */
    public static class WithBodyFilters extends Machine {
        @Param({"3", "10"})
        public int filters;

        @Setup
        public void build() {
            engine.close();
            engine = new StubbedEngine(PassingFilters.ofHeadsAndBodies(filters));
        }
    }

    @Benchmark
    public long stubsAlone(Bare machine) {
        return machine.engine.stubsAlone();
    }

    @Benchmark
    public long headFilters(WithHeadFilters machine) {
        return machine.engine.exchange();
    }

    @Benchmark
    public long headAndBodyFilters(WithBodyFilters machine) {
        return machine.engine.exchange();
    }
}
