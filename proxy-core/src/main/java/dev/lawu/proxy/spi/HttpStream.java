package dev.lawu.proxy.spi;

import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.http.Headers;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;

/**
 * One request and its response on a connection, as a protocol's adapter offers them to the exchange machine: what both sides of the proxy have in common. The machine calls these methods; what
 * arrives is told to a {@link StreamListener}. All on the stream's event loop; calls into each other may nest.
 *
 * <p>The adapter owns framing: heads that it is given carry no {@code Transfer-Encoding} and no {@code Connection}, and carry {@code Content-Length} exactly if the length of the body is known. It
 * sends what it was given by the end of the loop's turn at the latest, in one flush.
 */
public interface HttpStream {
    /** The loop that everything happens on. */
    EventLoop eventLoop();

    /** The connection that carries the stream. */
    ConnectionInfo connection();

    /** False while more is waiting to be sent than the high-water mark; {@link StreamListener#onWritable()} follows. Writing all the same is allowed and buffers. */
    boolean isWritable();

    /** Sends a part of the body, which may be empty; {@code last} ends the message (a tunnel: this direction). After it, or if the stream is closed, the buffer is just released. */
    void write(ByteBuf data, boolean last);

    /** Ends the message with trailers. An adapter that cannot send them (HTTP/1.0, a body of known length) ends the message without. */
    void writeTrailers(Headers trailers);

    /** Stops {@link StreamListener#onData} and {@link StreamListener#onTrailers} until {@link #resume()}, from now on, also within a call of these. At most 16 KiB more is read, so that a departure is seen; what was read before and not told yet is kept besides. */
    void pause();

    /** Ends a {@link #pause()}. What was read in the meantime may be told before this returns. */
    void resume();

    /** Breaks the stream off in both directions. No call to the listener follows. Does nothing if the stream is closed. */
    void reset(ProxyException cause);
}
