package dev.lawu.proxy.internal.loop;

/** A connection with something to flush at the end of the loop's turn. */
public interface Flushable {
    /** Flushes. */
    void flush();
}
