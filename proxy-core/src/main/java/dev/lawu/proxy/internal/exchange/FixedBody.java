package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.ProxyException;
import io.netty.buffer.Unpooled;

/** The body of a local response that is there already. */
final class FixedBody implements BodySource {
    private final Exchange exchange;
    private final byte[] bytes;
    private boolean over;

    FixedBody(Exchange exchange, byte[] bytes) {
        this.exchange = exchange;
        this.bytes = bytes;
    }

    @Override
    public void resume() {
        if (!over) {
            over = true;
            exchange.response.data(Unpooled.wrappedBuffer(bytes), true);
        }
    }

    @Override
    public void pause() {}

    @Override
    public void abandon(ProxyException cause) {
        over = true;
    }
}
