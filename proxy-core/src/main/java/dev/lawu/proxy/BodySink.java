package dev.lawu.proxy;

import java.nio.ByteBuffer;

/** Takes the body of a {@link LocalResponse} piece by piece. Every method may be called from any thread, one call at a time; after the end or the client's departure they do nothing. */
public interface BodySink {
    /** Adds these bytes, which are copied. */
    void write(ByteBuffer bytes);

    /** Adds these bytes, which are copied. */
    default void write(byte[] bytes) {
        write(ByteBuffer.wrap(bytes));
    }

    /** Ends the body. */
    void end();

    /** Breaks the response off: the client's stream is reset. */
    void fail(Throwable cause);
}
