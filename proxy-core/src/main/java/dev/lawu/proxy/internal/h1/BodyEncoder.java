package dev.lawu.proxy.internal.h1;

import dev.lawu.proxy.http.Headers;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/**
 * Frames the body of one message after another (RFC 9112, sections 6 and 7). What would break the framing that the head announced is not written: the caller is told, and must break off the
 * connection.
 */
final class BodyEncoder {
    private enum Mode {
        /** No message is being sent. */
        IDLE,
        /** No byte may be sent: HEAD, 204, 304. */
        BODILESS,
        /** As many bytes as Content-Length says. */
        FIXED,
        CHUNKED,
        /** As they are: to the end of the connection, or a tunnel. */
        RAW
    }

    private static final byte[] CRLF = {'\r', '\n'};
    private static final byte[] LAST_CHUNK = "0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] LAST_CHUNK_LINE = "0\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    private final OutputBuffer output;
    private Mode mode = Mode.IDLE;
    private long remaining;
    private boolean begun;

    BodyEncoder(OutputBuffer output) {
        this.output = output;
    }

    void startBodiless() {
        mode = Mode.BODILESS;
    }

    void startFixed(long length) {
        mode = Mode.FIXED;
        begun = false;
        remaining = length;
    }

    void startChunked() {
        mode = Mode.CHUNKED;
        begun = false;
    }

    void startRaw() {
        mode = Mode.RAW;
    }

    /** The message has ended, or is given up. */
    void stop() {
        mode = Mode.IDLE;
    }

    /** True while a message is being sent. */
    boolean isOpen() {
        return mode != Mode.IDLE;
    }

    /** True if there are bytes to come, and known to be no more than this. */
    boolean expectsAtMost(int bytes) {
        return mode == Mode.FIXED && remaining > 0 && remaining <= bytes;
    }

    /** True if a part of the message with a length or in chunks was given. */
    boolean hasBegun() {
        return begun;
    }

    /** True if nothing but the connection's end will tell the peer that the body has ended. */
    boolean isRaw() {
        return mode == Mode.RAW;
    }

    /** Sends a part; after the last one {@link #isOpen()} is false. Returns false if the part would be too much or, as the last, too little. */
    boolean write(ByteBuf data, boolean last) {
        int length = data.readableBytes();
        begun = true;
        switch (mode) {
            case IDLE, BODILESS -> data.release();
            case FIXED -> {
                remaining -= length;
                if (remaining < 0 || last && remaining > 0) {
                    data.release();
                    return false;
                }
                output.write(data);
            }
            case CHUNKED -> {
                if (length > 0) {
                    writeChunk(data, length, last);
                } else {
                    data.release();
                    if (last) {
                        output.room(LAST_CHUNK.length).writeBytes(LAST_CHUNK);
                    }
                }
            }
            case RAW -> output.write(data);
        }
        if (last) {
            stop();
        }
        return true;
    }

    private void writeChunk(ByteBuf data, int length, boolean last) {
        ByteBuf out = output.room(10);
        for (int shift = (31 - Integer.numberOfLeadingZeros(length)) & ~3; shift >= 0; shift -= 4) {
            out.writeByte(HEX[length >>> shift & 15]);
        }
        out.writeBytes(CRLF);
        output.write(data);
        out = output.room(CRLF.length + LAST_CHUNK.length);
        out.writeBytes(CRLF);
        if (last) {
            out.writeBytes(LAST_CHUNK);
        }
    }

    /** Ends the message, with these trailers if it is chunked. Returns false if a part is missing. */
    boolean writeTrailers(Headers trailers, boolean allowed) {
        if (mode == Mode.CHUNKED && allowed && !trailers.isEmpty()) {
            ByteBuf out = output.room(LAST_CHUNK.length + trailers.section().end());
            out.writeBytes(LAST_CHUNK_LINE);
            HeadEncoder.trailers(out, trailers);
            stop();
            return true;
        }
        return write(Unpooled.EMPTY_BUFFER, true);
    }
}
