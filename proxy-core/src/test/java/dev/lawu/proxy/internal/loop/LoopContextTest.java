package dev.lawu.proxy.internal.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.spi.TimeSource;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LoopContextTest {
    private final DefaultEventLoop eventLoop = new DefaultEventLoop();
    private final LoopContext loop = new LoopContext(eventLoop, TimeSource.SYSTEM, new SplittableRandom());

    @AfterEach
    void stop() {
        eventLoop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    @Test
    void aFlushThatThrowsKeepsNoOtherConnectionFromBeingFlushed() throws Exception {
        CountDownLatch flushed = new CountDownLatch(2);
        eventLoop
                .submit(() -> {
                    loop.flusher().add(LoopContextTest::fail);
                    loop.flusher().add(flushed::countDown);
                })
                .get(5, TimeUnit.SECONDS);
        eventLoop.submit(() -> loop.flusher().add(flushed::countDown)).get(5, TimeUnit.SECONDS);
        assertThat(flushed.await(2, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aDeadlineThatThrowsKeepsNoOtherFromExpiring() throws Exception {
        CountDownLatch expired = new CountDownLatch(2);
        eventLoop
                .submit(() -> {
                    deadline(LoopContextTest::fail).set(0);
                    deadline(expired::countDown).set(1);
                })
                .get(5, TimeUnit.SECONDS);
        eventLoop
                .schedule(() -> deadline(expired::countDown).set(1), 50, TimeUnit.MILLISECONDS)
                .get(5, TimeUnit.SECONDS);
        assertThat(expired.await(2, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aLoopThatIsAheadOfTheClockLosesNoDeadline() {
        AtomicLong nanos = new AtomicLong();
        TimeSource behind = new TimeSource() {
            @Override
            public long nanoTime() {
                return nanos.get();
            }

            @Override
            public long currentTimeMillis() {
                return 0;
            }
        };
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.freezeTime();
        LoopContext context = new LoopContext(channel.eventLoop(), behind, new SplittableRandom());
        AtomicInteger expired = new AtomicInteger();
        deadline(context, expired::incrementAndGet).set(2000);
        deadline(context, expired::incrementAndGet).set(1000); // takes over
        channel.advanceTimeBy(1000, TimeUnit.NANOSECONDS);
        nanos.set(900);
        channel.runScheduledPendingTasks();
        assertThat(expired).hasValue(0);
        channel.advanceTimeBy(100, TimeUnit.NANOSECONDS);
        nanos.set(1000);
        channel.runScheduledPendingTasks();
        assertThat(expired).hasValue(1);
        channel.advanceTimeBy(1000, TimeUnit.NANOSECONDS);
        nanos.set(2000);
        channel.runScheduledPendingTasks();
        assertThat(expired).hasValue(2);
        assertThat(channel.runScheduledPendingTasks()).isEqualTo(-1); // none is left
        channel.finish();
    }

    private Deadline deadline(Runnable then) {
        return deadline(loop, then);
    }

    private static Deadline deadline(LoopContext loop, Runnable then) {
        return new Deadline(loop) {
            @Override
            protected void expired() {
                then.run();
            }
        };
    }

    private static void fail() {
        throw new IllegalStateException("thrown by a test");
    }
}
