package dev.lawu.proxy.internal.loop;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/**
 * Recycles direct buffers of {@value #CAPACITY} bytes within one event loop: what a head is read into, and what heads and small bodies are written to. A request needs four of them, for moments, and
 * the allocator's own cache costs several times as much as this stack.
 *
 * <p>A buffer is given back only by its last owner; one that somebody else may still hold is just released.
 */
public final class SmallBuffers {
    /** The size of each. */
    public static final int CAPACITY = 4096;

    private static final int MOST = 64;

    private final ByteBuf[] free = new ByteBuf[MOST];
    private int count;

    /** An empty buffer, which the caller owns. */
    public ByteBuf take(ByteBufAllocator allocator) {
        return count > 0 ? free[--count] : allocator.ioBuffer(CAPACITY, CAPACITY);
    }

    /** Ends the caller's use of any buffer. */
    public void release(ByteBuf buffer) {
        if (count < MOST && isWhole(buffer)) {
            free[count++] = buffer.clear();
        } else {
            buffer.release();
        }
    }

    /** True if the memory is of our size and nobody else's, also not through a slice. */
    private static boolean isWhole(ByteBuf buffer) {
        if (buffer.refCnt() != 1 || buffer.maxCapacity() != CAPACITY || !buffer.isDirect()) {
            return false;
        }
        ByteBuf root = buffer;
        for (ByteBuf below = root.unwrap(); below != null; below = root.unwrap()) {
            root = below;
        }
        return root.refCnt() == 1 && root.maxCapacity() == CAPACITY;
    }

    /** Frees what is kept. Afterwards nothing is kept until the next release. */
    public void clear() {
        while (count > 0) {
            free[--count].release();
        }
    }
}
