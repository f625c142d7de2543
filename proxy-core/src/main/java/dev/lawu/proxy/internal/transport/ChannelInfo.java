package dev.lawu.proxy.internal.transport;

import dev.lawu.proxy.spi.ConnectionInfo;
import io.netty.channel.Channel;
import java.net.SocketAddress;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** What is known of a channel's connection. */
public final class ChannelInfo implements ConnectionInfo {
    private static final AtomicLong NUMBERS = new AtomicLong();

    private final Channel channel;
    private final long number = NUMBERS.incrementAndGet();
    /* Kept, because a closed socket has no addresses, and logging may come later. */
    private @Nullable SocketAddress remote;
    private @Nullable SocketAddress local;
    private @Nullable Object attachment;

    public ChannelInfo(Channel channel) {
        this.channel = channel;
        remote = channel.remoteAddress();
        local = channel.localAddress();
    }

    /** Of a connection that has other ends than its socket says: the client behind a proxy, say. */
    public ChannelInfo(Channel channel, SocketAddress remote, SocketAddress local) {
        this.channel = channel;
        this.remote = remote;
        this.local = local;
    }

    @Override
    public long number() {
        return number;
    }

    @Override
    public @Nullable SocketAddress remoteAddress() {
        if (remote == null) {
            remote = channel.remoteAddress();
        }
        return remote;
    }

    @Override
    public @Nullable SocketAddress localAddress() {
        if (local == null) {
            local = channel.localAddress();
        }
        return local;
    }

    @Override
    public boolean isSecure() {
        return false;
    }

    @Override
    public @Nullable Object attachment() {
        return attachment;
    }

    @Override
    public void attach(Object attachment) {
        this.attachment = attachment;
    }
}
