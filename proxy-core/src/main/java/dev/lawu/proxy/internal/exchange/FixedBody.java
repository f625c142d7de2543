package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.ProxyException;
import io.netty.buffer.Unpooled;

/** The body of a local response that is there already. */
final class FixedBody implements BodySource {
    /** What is given at a time, so that a large body which many slow clients read costs each of them little. */
    private static final int PIECE = 64 * 1024;

    private final Exchange exchange;
    private final byte[] bytes;
    private int given;
    private boolean resumed;
    private boolean running;
    private boolean over;

    FixedBody(Exchange exchange, byte[] bytes) {
        this.exchange = exchange;
        this.bytes = bytes;
    }

    @Override
    public void resume() {
        resumed = true;
        if (running) {
            return;
        }
        running = true;
        while (resumed && !over) {
            int from = given;
            int length = Math.min(bytes.length - from, PIECE);
            given = from + length;
            over = given == bytes.length;
            exchange.response.data(Unpooled.wrappedBuffer(bytes, from, length), over);
        }
        running = false;
    }

    @Override
    public void pause() {
        resumed = false;
    }

    @Override
    public void abandon(ProxyException cause) {
        over = true;
    }
}
