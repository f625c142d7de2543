package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.internal.loop.LoopContext;
import dev.lawu.proxy.spi.ConnectionInfo;
import dev.lawu.proxy.spi.ServerStream;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The client's side of a subrequest, where there is no client: it takes everything and keeps nothing. */
final class DetachedStream implements ServerStream {
    private final ServerStream parent;
    private final LoopContext loop;
    private final long start;
    private @Nullable Consumer<@Nullable ProxyException> ended;

    DetachedStream(ServerStream parent, LoopContext loop) {
        this.parent = parent;
        this.loop = loop;
        this.start = loop.time().nanoTime();
    }

    /** Who is told, within a call of the machine, that the response has ended or was broken off. */
    void whenEnded(Consumer<@Nullable ProxyException> told) {
        ended = told;
    }

    private void end(@Nullable ProxyException cause) {
        Consumer<@Nullable ProxyException> told = ended;
        ended = null;
        if (told != null) {
            told.accept(cause);
        }
    }

    @Override
    public void respondInformational(ResponseHead head) {}

    @Override
    public void respond(ResponseHead head, boolean last) {
        if (last) {
            end(null);
        }
    }

    @Override
    public void write(ByteBuf data, boolean last) {
        data.release();
        if (last) {
            end(null);
        }
    }

    @Override
    public void writeTrailers(Headers trailers) {
        end(null);
    }

    @Override
    public void reset(ProxyException cause) {
        end(cause);
    }

    @Override
    public EventLoop eventLoop() {
        return loop.loop();
    }

    @Override
    public ConnectionInfo connection() {
        return parent.connection();
    }

    @Override
    public boolean isWritable() {
        return true;
    }

    @Override
    public void pause() {}

    @Override
    public void resume() {}

    @Override
    public void closeAfterResponse() {}

    @Override
    public int requestNumber() {
        return parent.requestNumber();
    }

    @Override
    public long startNanos() {
        return start;
    }
}
