package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.spi.ConnectionInfo;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/** A connection that is not there. */
final class StubConnection implements ConnectionInfo {
    private final long number;
    private final InetSocketAddress remote;
    private final InetSocketAddress local;
    private @Nullable Object attachment;

    StubConnection(long number) {
        this.number = number;
        this.remote = address(1, 54321);
        this.local = address(2, 8080);
    }

    /** One of TEST-NET-1 (RFC 5737). */
    private static InetSocketAddress address(int last, int port) {
        try {
            return new InetSocketAddress(InetAddress.getByAddress(new byte[] {(byte) 192, 0, 2, (byte) last}), port);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public long number() {
        return number;
    }

    @Override
    public InetSocketAddress remoteAddress() {
        return remote;
    }

    @Override
    public InetSocketAddress localAddress() {
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
