package dev.lawu.proxy.http;

import java.nio.ByteBuffer;
import java.nio.charset.Charset;

/**
 * A piece of a body as a body filter sees it: a read-only view that the engine owns.
 *
 * <p>It is valid until the callback returns, or until the result that the callback returned is complete; then every method throws {@link IllegalStateException}. Forwarding it copies nothing;
 * {@link #copy()} keeps its bytes. There is nothing to release.
 *
 * <p>The last chunk of a body has {@link #isLast()} and may be empty. How a body is divided into chunks depends on the network alone and means nothing.
 */
public interface Chunk {
    /** The number of bytes; 0 only if it is the last. */
    int length();

    /** True if the body ends with this chunk (trailers may follow). */
    boolean isLast();

    /** The byte at {@code index}. Throws {@link IndexOutOfBoundsException} outside 0..length-1. */
    byte get(int index);

    /** The first place of {@code value} at or after {@code from}; -1 if there is none. */
    int indexOf(byte value, int from);

    /** A copy of the bytes. */
    byte[] copy();

    /** Copies all bytes into {@code target}. Throws {@link java.nio.BufferOverflowException} if it has too little room. */
    void copyTo(ByteBuffer target);

    /** The bytes as text. A chunk may end within a character. */
    String toString(Charset charset);
}
