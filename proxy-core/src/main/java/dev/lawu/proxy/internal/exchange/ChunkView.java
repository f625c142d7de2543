package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.http.Chunk;
import io.netty.buffer.ByteBuf;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import org.jspecify.annotations.Nullable;

/**
 * What a body filter sees of a buffer while its callback is running or its result pending.
 *
 * <p>While a result is pending another thread may read it, and the exchange may end at any moment. So reading and {@link #end()} exclude each other: a reader never sees a buffer that is somebody
 * else's already.
 */
final class ChunkView implements Chunk {
    private @Nullable ByteBuf data;
    private final boolean last;

    ChunkView(ByteBuf data, boolean last) {
        this.data = data;
        this.last = last;
    }

    /** Ends the view; the buffer may be reused now. */
    synchronized void end() {
        data = null;
    }

    private ByteBuf data() {
        ByteBuf d = data;
        if (d == null) {
            throw new IllegalStateException(
                    "this chunk was used after its callback's result (expected: copy() before)");
        }
        return d;
    }

    @Override
    public synchronized int length() {
        return data().readableBytes();
    }

    @Override
    public boolean isLast() {
        return last;
    }

    @Override
    public synchronized byte get(int index) {
        ByteBuf d = data();
        if (index < 0 || index >= d.readableBytes()) {
            throw new IndexOutOfBoundsException("index: " + index + " (expected: 0.." + (d.readableBytes() - 1) + ")");
        }
        return d.getByte(d.readerIndex() + index);
    }

    @Override
    public synchronized int indexOf(byte value, int from) {
        ByteBuf d = data();
        int start = d.readerIndex() + Math.max(from, 0);
        int at = start >= d.writerIndex() ? -1 : d.indexOf(start, d.writerIndex(), value);
        return at < 0 ? -1 : at - d.readerIndex();
    }

    @Override
    public synchronized byte[] copy() {
        ByteBuf d = data();
        byte[] bytes = new byte[d.readableBytes()];
        d.getBytes(d.readerIndex(), bytes);
        return bytes;
    }

    @Override
    public synchronized void copyTo(ByteBuffer target) {
        ByteBuf d = data();
        if (target.remaining() < d.readableBytes()) {
            throw new BufferOverflowException();
        }
        ByteBuffer room = target.duplicate();
        room.limit(room.position() + d.readableBytes());
        d.getBytes(d.readerIndex(), room);
        target.position(room.position());
    }

    @Override
    public synchronized String toString(Charset charset) {
        return data().toString(charset);
    }

    @Override
    public synchronized String toString() {
        ByteBuf d = data;
        return d == null ? "Chunk(ended)" : "Chunk(" + d.readableBytes() + (last ? ", last)" : ")");
    }
}
