package dev.lawu.proxy.internal.transport;

import dev.lawu.proxy.spi.ConnectionInfo;
import io.netty.channel.Channel;
import io.netty.channel.unix.DomainSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
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
        remote = plain(channel.remoteAddress());
        local = plain(channel.localAddress());
    }

    /** Users do not see Netty's class for what the JDK has one. */
    private static @Nullable SocketAddress plain(@Nullable SocketAddress address) {
        return address instanceof DomainSocketAddress unix ? UnixDomainSocketAddress.of(unix.path()) : address;
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
            remote = plain(channel.remoteAddress());
        }
        return remote;
    }

    @Override
    public @Nullable SocketAddress localAddress() {
        if (local == null) {
            local = plain(channel.localAddress());
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
