package dev.lawu.benchmarks;

import io.netty.buffer.AdaptiveByteBufAllocator;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** Which of Netty's allocators is cheaper for a buffer that is read into, written out and released. */
@Fork(
        value = 1,
        jvmArgsAppend = {
            SmallBenchmark.NO_LEAK_SAMPLING,
            EventLoopThreads.JMH_EXECUTOR,
            EventLoopThreads.JMH_EXECUTOR_CLASS
        })
public class AllocatorBenchmark extends SmallBenchmark {
    @Param({"adaptive", "pooled"})
    public String allocator = "adaptive";

    @Param({"2048", "16384", "65536"})
    public int size;

    private ByteBufAllocator chosen = ByteBufAllocator.DEFAULT;

    @Setup
    public void choose() {
        chosen = allocator.equals("pooled") ? new PooledByteBufAllocator(true) : new AdaptiveByteBufAllocator(true);
    }

    @Benchmark
    public boolean allocateAndRelease() {
        return chosen.directBuffer(size).release();
    }
}
