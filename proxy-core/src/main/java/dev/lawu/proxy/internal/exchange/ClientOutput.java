package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.http.Headers;
import io.netty.buffer.ByteBuf;

/** The end of a response's way: the client's stream. Counts what goes there, and lets no body through that is not as long as its head said. */
final class ClientOutput implements BodyPipe.Output {
    private final Exchange exchange;
    private final ResponsePath path;
    private long expected = -1;
    private long sent;
    private boolean detached;

    ClientOutput(Exchange exchange, ResponsePath path) {
        this.exchange = exchange;
        this.path = path;
    }

    void reset() {
        expected = -1;
        sent = 0;
        detached = false;
    }

    /** The length that the head says; -1 if it says none. */
    void expect(long length) {
        expected = length;
    }

    /** The client has left: what comes now is dropped. */
    void detach() {
        detached = true;
    }

    long sent() {
        return sent;
    }

    void count(int bytes) {
        sent += bytes;
    }

    @Override
    public boolean isWritable() {
        return detached || exchange.down.isWritable();
    }

    @Override
    public void data(ByteBuf data, boolean last) {
        if (exchange.isEnded()) {
            data.release();
            return;
        }
        if (detached) {
            data.release();
            if (last) {
                exchange.tryEnd();
            }
            return;
        }
        sent += data.readableBytes();
        if (expected >= 0 && (sent > expected || last && sent < expected)) {
            data.release();
            exchange.fail(ProxyException.internal(
                    ErrorType.INTERNAL,
                    "response body: " + sent + " bytes " + (last ? "in all" : "so far") + " (expected: " + expected
                            + ")",
                    null));
            return;
        }
        exchange.down.write(data, last);
        if (last) {
            path.clientDone();
        }
    }

    @Override
    public void trailers(Headers trailers) {
        if (exchange.isEnded()) {
            return;
        }
        if (detached) {
            exchange.tryEnd();
        } else {
            exchange.down.writeTrailers(trailers);
            path.clientDone();
        }
    }

    @Override
    public void flowChanged() {
        path.flow();
    }

    @Override
    public void failed(ProxyException cause) {
        exchange.fail(cause);
    }
}
