package dev.lawu.proxy.internal.loop;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;

/**
 * What one channel reads into: a {@linkplain SmallBuffers recycled buffer} while that is enough, up to {@value #LARGEST} bytes while more comes at a time. While what comes cannot be used it is read
 * in {@linkplain #sip sips}. It knows whose loop it is on, so it must be told when the channel moves to another.
 */
public final class ReadBuffers implements RecvByteBufAllocator {
    /* Large reads only pay together with a high mark for writes: a low one makes reading stop and go. */
    private static final int LARGEST = 256 * 1024;

    private SmallBuffers small;
    private boolean sips;

    private ReadBuffers(SmallBuffers small) {
        this.small = small;
    }

    /** Has this channel read into this loop's buffers. While the channel is registered, to be called on its loop. */
    public static ReadBuffers use(Channel channel, LoopContext loop) {
        if (channel.config().getRecvByteBufAllocator() instanceof ReadBuffers moved) {
            moved.small = loop.buffers();
            moved.sips = false;
            return moved;
        }
        ReadBuffers made = new ReadBuffers(loop.buffers());
        channel.config().setRecvByteBufAllocator(made);
        return made;
    }

    /** Whether a read takes at most {@link SmallBuffers#CAPACITY} bytes, because nobody wants them yet. */
    public void sip(boolean value) {
        sips = value;
    }

    @Override
    @SuppressWarnings("deprecation") // the handle of the interface is, the one that transports ask for is not
    public ExtendedHandle newHandle() {
        return new Sized(
                (ExtendedHandle) new AdaptiveRecvByteBufAllocator(1024, SmallBuffers.CAPACITY, LARGEST).newHandle());
    }

    private final class Sized implements ExtendedHandle {
        private final ExtendedHandle size;

        Sized(ExtendedHandle size) {
            this.size = size;
        }

        @Override
        public ByteBuf allocate(ByteBufAllocator allocator) {
            return sips || size.guess() <= SmallBuffers.CAPACITY ? small.take(allocator) : size.allocate(allocator);
        }

        @Override
        public int guess() {
            return size.guess();
        }

        @Override
        public void reset(ChannelConfig config) {
            size.reset(config);
        }

        @Override
        public void incMessagesRead(int messages) {
            size.incMessagesRead(messages);
        }

        @Override
        public void lastBytesRead(int bytes) {
            size.lastBytesRead(bytes);
        }

        @Override
        public int lastBytesRead() {
            return size.lastBytesRead();
        }

        @Override
        public void attemptedBytesRead(int bytes) {
            size.attemptedBytesRead(bytes);
        }

        @Override
        public int attemptedBytesRead() {
            return size.attemptedBytesRead();
        }

        @Override
        public boolean continueReading() {
            return size.continueReading();
        }

        @Override
        public boolean continueReading(UncheckedBooleanSupplier more) {
            return size.continueReading(more);
        }

        @Override
        public void readComplete() {
            size.readComplete();
        }
    }
}
