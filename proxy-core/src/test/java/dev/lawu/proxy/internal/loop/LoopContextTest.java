package dev.lawu.proxy.internal.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.spi.TimeSource;
import io.netty.channel.DefaultEventLoop;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
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

    private Deadline deadline(Runnable then) {
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
