package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.BodyProducer;
import dev.lawu.proxy.BodySink;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.spi.BufferSink;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Reads a stream on the blocking executor, a piece each time. */
final class StreamBody implements BodyProducer {
    private static final int PIECE = 16 * 1024;
    private static final int AGAIN_MILLIS = 100;

    private final Exchange exchange;
    private final Callable<? extends InputStream> open;
    private @Nullable InputStream stream; // by one task at a time
    private boolean busy; // on the loop
    private boolean cancelled;

    StreamBody(Exchange exchange, Callable<? extends InputStream> open) {
        this.exchange = exchange;
        this.open = open;
    }

    @Override
    public void produce(BodySink sink) {
        busy = true;
        try {
            exchange.engine.blocking.run(
                    () -> read((BufferSink) sink),
                    refused -> exchange.loop.loop().execute(() -> told((BufferSink) sink, null, refused, false)));
        } catch (ProxyException overload) {
            busy = false;
            close();
            throw overload;
        }
    }

    private void read(BufferSink sink) {
        ByteBuf piece = null;
        Throwable failure = null;
        boolean end = false;
        try {
            InputStream in = stream;
            if (in == null) {
                in = open.call();
                stream = in;
            }
            piece = PooledByteBufAllocator.DEFAULT.buffer(PIECE, PIECE);
            end = piece.writeBytes(in, PIECE) < 0;
            if (end) {
                in.close();
            }
        } catch (Throwable e) {
            failure = e;
        }
        ByteBuf read = piece;
        Throwable thrown = failure;
        boolean ended = end;
        exchange.loop.loop().execute(() -> told(sink, read, thrown, ended));
    }

    private void told(BufferSink sink, @Nullable ByteBuf read, @Nullable Throwable thrown, boolean ended) {
        busy = false;
        if (cancelled || thrown != null || ended) {
            ReferenceCountUtil.release(read);
        }
        if (cancelled) {
            close();
        } else if (thrown != null) {
            close();
            sink.fail(thrown);
        } else if (ended) {
            sink.end();
        } else if (read != null) {
            sink.write(read);
        }
    }

    private void close() {
        InputStream in = stream;
        stream = null;
        if (in == null) {
            return;
        }
        try {
            exchange.engine.blocking.run(() -> close(in), refused -> closeSomeTime(in));
        } catch (ProxyException overload) {
            closeSomeTime(in);
        }
    }

    /** It must be closed all the same; the queue of blocking tasks is finite, so there will be room. */
    private void closeSomeTime(InputStream in) {
        exchange.loop.loop().schedule(() -> closeLater(in), AGAIN_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void closeLater(InputStream in) {
        stream = in;
        close();
    }

    private void close(InputStream in) {
        try {
            in.close();
        } catch (IOException | RuntimeException e) {
            ErrorLog.callback("LocalResponse.stream", e);
        }
    }

    @Override
    public void cancelled() {
        cancelled = true;
        if (!busy) {
            close();
        }
    }
}
