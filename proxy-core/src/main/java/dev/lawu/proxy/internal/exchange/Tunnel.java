package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.internal.loop.Deadline;
import dev.lawu.proxy.spi.HttpStream;
import io.netty.buffer.ByteBuf;

/**
 * Carries bytes both ways after a protocol switch (RFC 9110, section 7.8) or a successful CONNECT. Each direction ends by itself, as half-close; the tunnel is over when both have ended, either side
 * has gone, or nothing has moved for the idle time.
 */
final class Tunnel extends Deadline {
    private final Exchange exchange;
    private final HttpStream client;
    private final HttpStream upstream;
    private final long idleNanos;
    private boolean clientEnded;
    private boolean upstreamEnded;

    Tunnel(Exchange exchange, HttpStream client, HttpStream upstream, long idleNanos) {
        super(exchange.loop);
        this.exchange = exchange;
        this.client = client;
        this.upstream = upstream;
        this.idleNanos = idleNanos;
    }

    /** Lets the bytes go; what was read already is told before this returns, so the tunnel must be in its place. */
    void start() {
        set(idleNanos);
        client.resume();
        upstream.resume();
    }

    void fromClient(ByteBuf data, boolean last) {
        set(idleNanos);
        clientEnded |= last;
        upstream.write(data, last);
        if (last) {
            ended();
        } else if (!upstream.isWritable()) {
            client.pause();
        }
    }

    void fromUpstream(ByteBuf data, boolean last) {
        set(idleNanos);
        upstreamEnded |= last;
        exchange.response.countTunnelled(data.readableBytes());
        client.write(data, last);
        if (last) {
            ended();
        } else if (!client.isWritable()) {
            upstream.pause();
        }
    }

    void clientWritable() {
        set(idleNanos);
        upstream.resume();
    }

    void upstreamWritable() {
        set(idleNanos);
        client.resume();
    }

    private void ended() {
        if (clientEnded && upstreamEnded) {
            remove();
            exchange.tunnelEnded();
        }
    }

    @Override
    protected void expired() {
        exchange.failFromTask(ProxyException.internal(
                ErrorType.TUNNEL_IDLE,
                "tunnel: no byte in either direction for " + idleNanos / 1_000_000 + " ms",
                null));
    }
}
