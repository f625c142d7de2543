package dev.lawu.proxy.internal.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SmallBuffersTest {
    private static final ByteBufAllocator ALLOCATOR = PooledByteBufAllocator.DEFAULT;

    private final SmallBuffers buffers = new SmallBuffers();

    @AfterEach
    void free() {
        buffers.clear();
    }

    @Test
    void aBufferThatNobodyElseHasIsUsedAgainEmpty() {
        ByteBuf first = buffers.take(ALLOCATOR);
        first.writeLong(1);
        buffers.release(first);
        ByteBuf second = buffers.take(ALLOCATOR);
        assertThat(second).isSameAs(first);
        assertThat(second.isReadable()).isFalse();
        buffers.release(second);
    }

    @Test
    void aBufferThatSomebodyElseHoldsIsNotUsedAgain() {
        ByteBuf first = buffers.take(ALLOCATOR);
        ByteBuf held = first.writeLong(7).retainedSlice(0, 8);
        buffers.release(first);
        ByteBuf second = buffers.take(ALLOCATOR);
        second.writeLong(8);
        assertThat(held.getLong(0)).isEqualTo(7);
        held.release();
        buffers.release(second);
    }

    @Test
    void aSliceOfTheWholeIsNotUsedAgainWhileTheWholeIsHeld() {
        ByteBuf whole = buffers.take(ALLOCATOR);
        ByteBuf slice = whole.writeZero(SmallBuffers.CAPACITY).retainedSlice();
        buffers.release(slice);
        ByteBuf other = buffers.take(ALLOCATOR);
        other.writeLong(-1);
        assertThat(whole.getLong(0)).isZero();
        buffers.release(other);
        buffers.release(whole);
    }

    @Test
    void buffersOfOtherSizesAreJustReleased() {
        ByteBuf other = ALLOCATOR.directBuffer(100);
        buffers.release(other);
        assertThat(other.refCnt()).isZero();
    }
}
