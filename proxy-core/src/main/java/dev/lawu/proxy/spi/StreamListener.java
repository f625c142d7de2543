package dev.lawu.proxy.spi;

import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.http.Headers;
import io.netty.buffer.ByteBuf;

/** Told by an adapter what arrives on an {@link HttpStream}. After the last data, trailers or a reset no more is told about that direction; after a reset, nothing at all. */
public interface StreamListener {
    /** A part of the body, owned by the listener; empty only if it is the last. In a tunnel {@code last} is the other side's half-close. */
    void onData(ByteBuf data, boolean last);

    /** The message ended with trailers (instead of a last {@link #onData}). The listener owns them. */
    void onTrailers(Headers trailers);

    /** {@link HttpStream#isWritable()} became true. */
    void onWritable();

    /** The other side has gone, was too slow or broke the protocol: the stream is closed in both directions. */
    void onReset(ProxyException cause);
}
