package dev.lawu.proxy.spi;

import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.http.Headers;
import io.netty.buffer.ByteBuf;

/** Gets a copy of an upstream's response body, after the upstream filters. On the exchange's event loop. It never slows the client down: one that cannot keep up must give up. */
public interface BodyTee {
    /** A part of the body: a retained view, owned by the tee, that must not be written to. */
    void data(ByteBuf data);

    /** The body ended, with these trailers (a view until this returns) or with none (empty). */
    void end(Headers trailers);

    /** The body will not be complete. */
    void abort(ProxyException cause);
}
