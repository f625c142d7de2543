package dev.lawu.proxy.internal.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledHeapByteBuf;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ChunkViewTest {
    @Test
    void aReaderOnAnotherThreadIsNotOvertakenByTheEndOfTheView() throws Exception {
        CountDownLatch reading = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        ByteBuf slow = new UnpooledHeapByteBuf(UnpooledByteBufAllocator.DEFAULT, 16, 16) {
            @Override
            public ByteBuf getBytes(int index, byte[] target) {
                reading.countDown();
                try {
                    go.await(5, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                return super.getBytes(index, target);
            }
        };
        slow.writeByte('x');
        ChunkView view = new ChunkView(slow, false);
        Thread reader = new Thread(view::copy);
        reader.start();
        assertThat(reading.await(5, TimeUnit.SECONDS)).isTrue();
        Thread ending = new Thread(view::end);
        ending.start();
        ending.join(100);
        boolean overtaken = !ending.isAlive();
        go.countDown();
        reader.join();
        ending.join();
        slow.release();
        assertThat(overtaken).isFalse();
        assertThatThrownBy(view::copy).isInstanceOf(IllegalStateException.class);
    }
}
