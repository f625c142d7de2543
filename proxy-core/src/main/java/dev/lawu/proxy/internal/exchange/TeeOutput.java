package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.spi.BodyTee;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** The middle of a response's way, behind the upstream filters: a tee gets a view of what goes on to the response filters. A tee that throws is let go; the client does not notice. */
final class TeeOutput implements BodyPipe.Output {
    private final Exchange exchange;
    private final ResponsePath path;
    private @Nullable BodyTee tee;

    TeeOutput(Exchange exchange, ResponsePath path) {
        this.exchange = exchange;
        this.path = path;
    }

    void open(@Nullable BodyTee tee) {
        this.tee = tee;
    }

    boolean isOpen() {
        return tee != null;
    }

    private void call(BodyTee t, Runnable call) {
        try {
            call.run();
        } catch (Throwable e) {
            tee = null;
            ErrorLog.callback(t.getClass().getName(), e);
        }
    }

    /** The body is complete; null if there are no trailers. */
    void end(@Nullable Headers trailers) {
        BodyTee t = tee;
        if (t != null) {
            tee = null;
            Headers told = trailers == null ? Headers.create() : trailers;
            call(t, () -> t.end(told));
        }
    }

    /** The body will not be complete. */
    void abort(ProxyException cause) {
        BodyTee t = tee;
        if (t != null) {
            tee = null;
            call(t, () -> t.abort(cause));
        }
    }

    @Override
    public boolean isWritable() {
        return path.responseReady();
    }

    @Override
    public void data(ByteBuf data, boolean last) {
        BodyTee t = tee;
        if (t != null && data.isReadable()) {
            call(t, () -> t.data(data.retainedSlice()));
        }
        if (last) {
            end(null);
        }
        path.toResponseFilters(data, last);
    }

    @Override
    public void trailers(Headers trailers) {
        end(trailers);
        path.toResponseFilters(trailers);
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
