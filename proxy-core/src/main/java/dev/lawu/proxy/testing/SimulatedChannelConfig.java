package dev.lawu.proxy.testing;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.MessageSizeEstimator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.DuplexChannelConfig;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The options that a TCP connection has. Those that mean nothing in memory are kept and change nothing. */
final class SimulatedChannelConfig extends DefaultChannelConfig implements DuplexChannelConfig {
    /** Those of real connections, as the allocator is: a test of what is held in memory is only worth something with the same. */
    private static final WriteBufferWaterMark MARKS = new WriteBufferWaterMark(256 * 1024, 512 * 1024);

    private final SimulatedChannel owner;
    private volatile boolean allowHalfClosure = true;
    private volatile int linger = -1;
    private volatile boolean noDelay;
    private volatile boolean keepAlive;

    SimulatedChannelConfig(SimulatedChannel channel) {
        super(channel);
        this.owner = channel;
        super.setWriteBufferWaterMark(MARKS);
        super.setAllocator(PooledByteBufAllocator.DEFAULT);
    }

    /** Seconds; 0 makes a close send an RST; -1 is off. */
    int linger() {
        return linger;
    }

    @Override
    public Map<ChannelOption<?>, Object> getOptions() {
        return getOptions(
                super.getOptions(),
                ChannelOption.ALLOW_HALF_CLOSURE,
                ChannelOption.SO_LINGER,
                ChannelOption.TCP_NODELAY,
                ChannelOption.SO_KEEPALIVE);
    }

    @Override
    @SuppressWarnings("unchecked")
    public <T> @Nullable T getOption(ChannelOption<T> option) {
        if (option.equals(ChannelOption.ALLOW_HALF_CLOSURE)) {
            return (T) Boolean.valueOf(allowHalfClosure);
        }
        if (option.equals(ChannelOption.SO_LINGER)) {
            return (T) Integer.valueOf(linger);
        }
        if (option.equals(ChannelOption.TCP_NODELAY)) {
            return (T) Boolean.valueOf(noDelay);
        }
        if (option.equals(ChannelOption.SO_KEEPALIVE)) {
            return (T) Boolean.valueOf(keepAlive);
        }
        return super.getOption(option);
    }

    @Override
    public <T> boolean setOption(ChannelOption<T> option, T value) {
        validate(option, value);
        if (option.equals(ChannelOption.ALLOW_HALF_CLOSURE)) {
            allowHalfClosure = (Boolean) value;
        } else if (option.equals(ChannelOption.SO_LINGER)) {
            linger = (Integer) value;
        } else if (option.equals(ChannelOption.TCP_NODELAY)) {
            noDelay = (Boolean) value;
        } else if (option.equals(ChannelOption.SO_KEEPALIVE)) {
            keepAlive = (Boolean) value;
        } else {
            return super.setOption(option, value);
        }
        return true;
    }

    @Override
    protected void autoReadCleared() {
        owner.clearReadPending();
    }

    @Override
    public boolean isAllowHalfClosure() {
        return allowHalfClosure;
    }

    @Override
    public DuplexChannelConfig setAllowHalfClosure(boolean value) {
        allowHalfClosure = value;
        return this;
    }

    @Override
    @Deprecated
    public DuplexChannelConfig setMaxMessagesPerRead(int value) {
        super.setMaxMessagesPerRead(value);
        return this;
    }

    @Override
    public DuplexChannelConfig setWriteSpinCount(int value) {
        super.setWriteSpinCount(value);
        return this;
    }

    @Override
    public DuplexChannelConfig setAllocator(ByteBufAllocator value) {
        super.setAllocator(value);
        return this;
    }

    @Override
    public DuplexChannelConfig setRecvByteBufAllocator(RecvByteBufAllocator value) {
        super.setRecvByteBufAllocator(value);
        return this;
    }

    @Override
    public DuplexChannelConfig setAutoRead(boolean value) {
        super.setAutoRead(value);
        return this;
    }

    @Override
    public DuplexChannelConfig setAutoClose(boolean value) {
        super.setAutoClose(value);
        return this;
    }

    @Override
    public DuplexChannelConfig setMessageSizeEstimator(MessageSizeEstimator value) {
        super.setMessageSizeEstimator(value);
        return this;
    }

    @Override
    public DuplexChannelConfig setWriteBufferWaterMark(WriteBufferWaterMark value) {
        super.setWriteBufferWaterMark(value);
        return this;
    }
}
