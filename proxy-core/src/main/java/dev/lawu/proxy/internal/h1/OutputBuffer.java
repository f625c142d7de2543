package dev.lawu.proxy.internal.h1;

import dev.lawu.proxy.internal.loop.Deadline;
import dev.lawu.proxy.internal.loop.Flushable;
import dev.lawu.proxy.internal.loop.LoopContext;
import dev.lawu.proxy.internal.loop.SmallBuffers;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import org.jspecify.annotations.Nullable;

/**
 * What a connection is about to send. Heads, framing and small data are copied behind one another, so that a head and a small body are one buffer and one send; larger data goes to the channel as it
 * is. Nothing is flushed before the loop's turn ends.
 *
 * <p>It also sees that a peer takes what it is sent. After a flush that left something behind, an empty write is put behind that as a mark. There was progress since the last look if a mark was
 * reached, or if another entry is at the head of the channel's queue, or more of the same one was written: an entry that only looks the same, because its buffer was recycled, stands behind a mark.
 */
final class OutputBuffer {
    /** Data up to this size is copied behind what precedes it. */
    private static final int COPY = 2048;

    /** A stall is noticed at most this part of the limit late. */
    private static final int LOOKS = 4;

    private final Channel channel;
    private final LoopContext loop;
    private final Flushable owner;
    private long stallNanos;
    private final Deadline stall;
    private final ChannelFutureListener markReached = future -> markReached();

    private @Nullable ByteBuf pending;
    private boolean scheduled;
    private boolean blocked;
    private boolean closed;
    private long flushes;

    private int marksWaiting;
    private int looks;
    private long marks;
    private long marksSeen;
    private @Nullable Object entrySeen;
    private long progressSeen;

    OutputBuffer(Channel channel, LoopContext loop, Flushable owner, long stallNanos, Runnable stalled) {
        this.channel = channel;
        this.loop = loop;
        this.owner = owner;
        this.stallNanos = stallNanos;
        this.stall = new Deadline(loop) {
            @Override
            protected void expired() {
                look(stalled);
            }
        };
    }

    /** From now on a peer that takes nothing for this long is a stalled one. */
    void stallAfter(long nanos) {
        stallNanos = nanos;
    }

    /** A buffer with room for this many bytes; what is written there is sent in this turn. */
    ByteBuf room(int bytes) {
        ByteBuf out = pending;
        if (out != null && out.writableBytes() >= bytes) {
            return out;
        }
        hand();
        schedule();
        out = bytes <= SmallBuffers.CAPACITY
                ? loop.buffers().take(channel.alloc())
                : channel.alloc().ioBuffer(bytes);
        pending = out;
        return out;
    }

    /** Sends this data, which belongs to the output from now on. */
    void write(ByteBuf data) {
        int length = data.readableBytes();
        if (closed || length == 0) {
            data.release();
        } else if (length <= COPY) {
            try {
                room(length).writeBytes(data);
            } finally {
                data.release();
            }
        } else {
            hand();
            schedule();
            channel.write(data, channel.voidPromise());
        }
    }

    /** Has the owner flushed at the end of this turn. */
    void schedule() {
        if (!scheduled) {
            scheduled = true;
            loop.flusher().add(owner);
        }
    }

    /** Sends everything; to be called by the owner's {@code flush}. */
    void flush() {
        scheduled = false;
        send();
    }

    private void send() {
        if (closed) {
            dropPending();
            return;
        }
        ByteBuf last = pending;
        if (last != null) {
            last.retain(); // for us: if the transport takes it at once it can be used again
        }
        hand();
        flushes++;
        channel.flush();
        if (last != null) {
            loop.buffers().release(last);
        }
        ChannelOutboundBuffer queue = channel.unsafe().outboundBuffer();
        if (queue == null || queue.isEmpty()) {
            return;
        }
        marksWaiting++;
        channel.write(Unpooled.EMPTY_BUFFER, channel.newPromise().addListener(markReached));
        channel.flush();
        if (!stall.isSet() && marksWaiting > 0) {
            remember(queue);
            looks = 0;
            stall.set(stallNanos / LOOKS);
        }
    }

    /** Flushes; the future is complete when the transport has taken everything. */
    ChannelFuture drain() {
        send(); // and if a flush is scheduled it still comes, with nothing to do
        ChannelPromise promise = channel.newPromise();
        return channel.writeAndFlush(Unpooled.EMPTY_BUFFER, promise);
    }

    /** How often something was handed to the transport. */
    long flushes() {
        return flushes;
    }

    /** False while more waits than the channel's high-water mark. */
    boolean isWritable() {
        ByteBuf out = pending;
        boolean writable =
                channel.isWritable() && (out == null || out.readableBytes() < channel.bytesBeforeUnwritable());
        blocked |= !writable;
        return writable;
    }

    /** True once after {@link #isWritable()} has said no, when it says yes again. */
    boolean unblocked() {
        if (blocked && channel.isWritable()) {
            blocked = false;
            return true;
        }
        return false;
    }

    /** True if the transport has taken everything. */
    boolean isEmpty() {
        ChannelOutboundBuffer queue = channel.unsafe().outboundBuffer();
        return pending == null && marksWaiting == 0 && (queue == null || queue.isEmpty());
    }

    /** Drops what was not flushed, and everything to come. */
    void close() {
        closed = true;
        stall.remove();
        dropPending();
    }

    private void dropPending() {
        if (pending != null) {
            pending.release();
            pending = null;
        }
    }

    private void hand() {
        ByteBuf out = pending;
        if (out != null) {
            pending = null;
            channel.write(out, channel.voidPromise());
        }
    }

    private void markReached() {
        marksWaiting--;
        marks++;
        if (marksWaiting == 0) {
            stall.cancel();
        }
    }

    private void look(Runnable stalled) {
        ChannelOutboundBuffer queue = channel.unsafe().outboundBuffer();
        if (closed || queue == null || marksWaiting == 0) {
            return;
        }
        if (marks != marksSeen || queue.current() != entrySeen || queue.currentProgress() != progressSeen) {
            remember(queue);
            looks = 0;
        } else if (++looks >= LOOKS) {
            stalled.run();
            return;
        }
        stall.set(stallNanos / LOOKS);
    }

    private void remember(ChannelOutboundBuffer queue) {
        marksSeen = marks;
        entrySeen = queue.current();
        progressSeen = queue.currentProgress();
    }
}
