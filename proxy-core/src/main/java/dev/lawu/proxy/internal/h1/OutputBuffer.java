package dev.lawu.proxy.internal.h1;

import dev.lawu.proxy.http.DataRate;
import dev.lawu.proxy.internal.loop.Deadline;
import dev.lawu.proxy.internal.loop.Flushable;
import dev.lawu.proxy.internal.loop.LoopContext;
import dev.lawu.proxy.internal.loop.RateWatch;
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
 * <p>While a flush has left something behind, what is small is collected over the turns, too, until its buffer is full or the transport has taken the rest. It could not be sent earlier, and many
 * small pieces for a slow peer fill few buffers instead of one each.
 *
 * <p>A head that is {@linkplain #hold() held} waits a moment for its body.
 *
 * <p>It also sees that a peer takes what it is sent. After a flush that left something behind, an empty write is put behind that as a mark. There was progress since the last look if a mark was
 * reached, or if another entry is at the head of the channel's queue, or more of the same one was written: an entry that only looks the same, because its buffer was recycled, stands behind a mark.
 */
final class OutputBuffer {
    /** Data up to this size is copied behind what precedes it. */
    private static final int COPY = 2048;

    /**
     * How long a head waits for the body that belongs to it. Many servers write the two apart, and they arrive within some ten microseconds of each other: on fast networks every fourth head was a send
     * and a packet of its own. A body that takes longer than this is not worth waiting for; its head arrives that much later.
     */
    private static final long HOLD_NANOS = 1_000_000;

    /** The largest body that a head waits for: one that is copied behind it. */
    static final int HELD_FOR = COPY;

    /** A stall is noticed at most this part of the limit late. */
    private static final int LOOKS = 4;

    private final Channel channel;
    private final LoopContext loop;
    private final Owner owner;
    private long stallNanos;
    private final Deadline stall;
    private final ChannelFutureListener markReached = future -> markReached();

    private @Nullable ByteBuf pending;
    /** The channel has something that was not flushed. */
    private boolean unflushed;

    /** Made when a flush first finds something held. */
    private @Nullable Deadline holding;

    private boolean held;
    private boolean scheduled;
    private boolean blocked;
    private boolean closed;
    private long flushes;
    /** All bytes that were given to the channel. */
    private long given;
    /** Those of them that were flushed. */
    private long flushed;

    private DataRate least = DataRate.NONE;
    /** Made when something first waits. */
    private @Nullable Taking rate;

    private int marksWaiting;
    private int looks;
    private long marks;
    private long marksSeen;
    private @Nullable Object entrySeen;
    private long progressSeen;

    /** Told by the output. */
    interface Owner extends Flushable {
        /** The peer takes nothing. */
        void onWriteStall();

        /** The peer takes less than the least rate. */
        void onSlowReader();

        /** After a flush that left something behind, the transport has taken all. */
        void onOutputTaken();
    }

    OutputBuffer(Channel channel, LoopContext loop, Owner owner, long stallNanos) {
        this.channel = channel;
        this.loop = loop;
        this.owner = owner;
        this.stallNanos = stallNanos;
        this.stall = new Deadline(loop) {
            @Override
            protected void expired() {
                look();
            }
        };
    }

    /** From now on a peer that takes nothing for this long is a stalled one. */
    void stallAfter(long nanos) {
        stallNanos = nanos;
    }

    /** What waits to be sent must be taken at this rate from now on. */
    void takeAtLeast(DataRate value) {
        least = value;
    }

    /** A buffer with room for this many bytes; what is written there is sent in this turn. */
    ByteBuf room(int bytes) {
        held = false;
        schedule();
        ByteBuf out = pending;
        if (out != null && out.writableBytes() >= bytes) {
            return out;
        }
        hand();
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
            held = false;
            hand();
            schedule();
            loop.flusher().waiting(length);
            unflushed = true;
            given += length;
            channel.write(data, channel.voidPromise());
        }
    }

    /**
     * What was just written to {@link #room} is a head whose small body must follow: if nothing has joined it when the turn ends, it waits for a millisecond, alone. What comes next ends that: more to
     * send, {@link #flushNow}, {@link #drain} or {@link #close}.
     */
    void hold() {
        held = true;
    }

    /** Has the owner flushed at the end of this turn. */
    void schedule() {
        if (!scheduled) {
            scheduled = true;
            loop.flusher().add(owner);
        }
    }

    /** Sends what need not wait; to be called by the owner's {@code flush}. */
    void flush() {
        scheduled = false;
        if (closed) {
            dropPending();
        } else if (held && !unflushed && pending != null) {
            holdOn();
        } else if (!collects()) {
            sendAll();
        } else if (unflushed) {
            send(null);
        }
    }

    private void holdOn() {
        Deadline end = holding;
        if (end == null) {
            end = new Deadline(loop) {
                @Override
                protected void expired() {
                    if (held) {
                        held = false;
                        schedule();
                    }
                }
            };
            holding = end;
        }
        if (!end.isSet()) {
            end.set(HOLD_NANOS);
        }
    }

    /** Sends everything at once. */
    void flushNow() {
        if (!closed) {
            sendAll();
        }
    }

    /** True if what is pending may wait for more: the transport is busy, and what it has leaves room, or nobody would be told when there is some. */
    private boolean collects() {
        ByteBuf out = pending;
        return marksWaiting > 0 && (out == null || out.readableBytes() < channel.bytesBeforeUnwritable());
    }

    private void sendAll() {
        held = false;
        if (holding != null) {
            holding.cancel();
        }
        ByteBuf last = pending;
        if (last != null) {
            last.retain(); // for us: if the transport takes it at once it can be used again
        }
        hand();
        send(last);
    }

    private void send(@Nullable ByteBuf last) {
        unflushed = false;
        flushed = given;
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
            if (!least.isNone()) {
                watchRate();
            }
        }
    }

    private void watchRate() {
        Taking watch = rate;
        if (watch == null) {
            watch = new Taking();
            rate = watch;
        }
        watch.before = watch.taken();
        watch.restart(least);
        watch.waitFor(true);
    }

    /** The rate at which the transport takes what was flushed. While something waits it takes no more than the peer makes room for. */
    private final class Taking extends RateWatch implements ChannelOutboundBuffer.MessageProcessor {
        private long left;
        private long before;

        Taking() {
            super(loop);
        }

        /** Taken so far, since the connection began. */
        private long taken() {
            left = 0;
            ChannelOutboundBuffer queue = channel.unsafe().outboundBuffer();
            if (queue != null) {
                try {
                    queue.forEachFlushedMessage(this);
                } catch (Exception e) {
                    throw new IllegalStateException(e); // this one throws none
                }
            }
            return flushed - left;
        }

        @Override
        public boolean processMessage(Object message) {
            left += ((ByteBuf) message).readableBytes();
            return true;
        }

        @Override
        protected void measure() {
            long now = taken();
            count(now - before);
            before = now;
        }

        @Override
        protected void tooSlow() {
            owner.onSlowReader();
        }
    }

    /** Flushes; the future is complete when the transport has taken everything. */
    ChannelFuture drain() {
        if (closed) {
            dropPending();
        } else {
            sendAll(); // and if a flush is scheduled it still comes, with nothing to do
        }
        ChannelPromise promise = channel.newPromise();
        return channel.writeAndFlush(Unpooled.EMPTY_BUFFER, promise);
    }

    /** True if the transport has taken everything. */
    boolean isEmpty() {
        return pending == null && !unflushed && marksWaiting == 0;
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

    /** Drops what was not flushed, and everything to come. */
    void close() {
        closed = true;
        stall.remove();
        if (rate != null) {
            rate.remove();
        }
        if (holding != null) {
            holding.remove();
        }
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
            unflushed = true;
            given += out.readableBytes();
            channel.write(out, channel.voidPromise());
        }
    }

    private void markReached() {
        marksWaiting--;
        marks++;
        if (marksWaiting == 0) {
            stall.cancel();
            if (rate != null) {
                rate.waitFor(false);
            }
            if (!closed) {
                if (pending != null) {
                    schedule();
                }
                owner.onOutputTaken();
            }
        }
    }

    private void look() {
        ChannelOutboundBuffer queue = channel.unsafe().outboundBuffer();
        if (closed || queue == null || marksWaiting == 0) {
            return;
        }
        if (marks != marksSeen || queue.current() != entrySeen || queue.currentProgress() != progressSeen) {
            remember(queue);
            looks = 0;
        } else if (++looks >= LOOKS) {
            owner.onWriteStall();
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
