package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.spi.ConnectionInfo;
import dev.lawu.proxy.spi.HttpStream;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;

/** A stream that takes everything and sends nothing. Used for one exchange after another. */
abstract class StubStream implements HttpStream {
    private final EventLoop loop;
    private final StubConnection connection;
    /** Messages that were ended, since the start. */
    long ended;
    /** Bytes of bodies, since the start. */
    long bytes;

    StubStream(EventLoop loop, long number) {
        this.loop = loop;
        this.connection = new StubConnection(number);
    }

    @Override
    public final EventLoop eventLoop() {
        return loop;
    }

    @Override
    public final ConnectionInfo connection() {
        return connection;
    }

    @Override
    public final boolean isWritable() {
        return true;
    }

    @Override
    public final void write(ByteBuf data, boolean last) {
        bytes += data.readableBytes();
        data.release();
        end(last);
    }

    final void end(boolean last) {
        if (last) {
            ended++;
        }
    }

    @Override
    public final void writeTrailers(Headers trailers) {
        ended++;
    }

    @Override
    public final void pause() {}

    @Override
    public final void resume() {}

    @Override
    public final void reset(ProxyException cause) {
        throw new AssertionError("an exchange that should succeed was reset", cause);
    }
}
