package dev.lawu.proxy.internal.upstream;

import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PoolKey;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;

/** Says who the client is, before anything else is sent. It is the client of the pool's key, so the connection cannot carry another's requests. */
final class SendProxyHeader implements Establishment.Step {
    private final PoolKey key;

    SendProxyHeader(PoolKey key) {
        this.key = key;
    }

    @Override
    public long timeout() {
        return key.peer().options().connectTimeout().toNanos();
    }

    @Override
    public ProxyException late() {
        HttpPeer peer = key.peer();
        return ProxyException.upstream(
                ErrorType.CONNECT_TIMEOUT,
                peer + " did not take the PROXY header within "
                        + peer.options().connectTimeout().toMillis() + " ms",
                null);
    }

    @Override
    public void start(Channel channel, Establishment to) {
        byte[] header =
                ProxyHeader.of(key.peer().options().proxyProtocol(), key.clientAddress(), key.clientDestination());
        channel.writeAndFlush(Unpooled.wrappedBuffer(header)).addListener(written -> {
            if (written.isSuccess()) {
                to.done(this);
            } else {
                to.fail(ProxyException.upstream(
                        ErrorType.CONNECT,
                        key.peer() + " did not take the PROXY header: "
                                + written.cause().getMessage(),
                        written.cause()));
            }
        });
    }
}
