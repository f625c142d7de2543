package dev.lawu.proxy.internal.h1;

import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.internal.loop.SectionPool;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Finds the body in what a connection brings (RFC 9112, sections 6 and 7): of a known length, chunked, or up to the end of the connection. One for each connection, used for one body after another.
 *
 * <p>Data is given out as retained slices of what was read; framing is passed over. Framing that follows data and has been read already is looked at at once, so that the last piece can be told as
 * the last one.
 *
 * <pre>
 *   FIXED, UNTIL_CLOSE: DATA only
 *   chunked: SIZE --n&gt;0--&gt; DATA --n bytes--&gt; DATA_CR --CR--&gt; DATA_LF --LF--&gt; SIZE
 *            SIZE --0--&gt; TRAILER_START --CR--&gt; END_LF --LF--&gt; DONE
 *                        TRAILER_START --other--&gt; TRAILERS --empty line--&gt; DONE
 * </pre>
 */
final class BodyDecoder {
    private static final int DATA = 0;
    private static final int SIZE = 1;
    private static final int DATA_CR = 2;
    private static final int DATA_LF = 3;
    private static final int TRAILER_START = 4;
    private static final int TRAILERS = 5;
    private static final int END_LF = 6;
    private static final int DONE = 7;

    private final SectionPool sections;
    private final ProxyOptions options;
    private final ChunkLine line = new ChunkLine();
    private @Nullable TrailerParser trailerParser;
    private @Nullable Headers trailers;

    private int state = DONE;
    private boolean chunked;
    private boolean untilClose;
    private long remaining;
    private long received;

    BodyDecoder(SectionPool sections, ProxyOptions options) {
        this.sections = sections;
        this.options = options;
    }

    /** Starts with a body of this length, or {@link HeadParser#CHUNKED}. */
    void start(long length) {
        chunked = length == HeadParser.CHUNKED;
        untilClose = false;
        remaining = chunked ? 0 : length;
        received = 0;
        state = chunked ? SIZE : remaining == 0 ? DONE : DATA;
        line.reset();
    }

    /** Starts with a body that goes to the end of the connection. */
    void startUntilClose() {
        start(Long.MAX_VALUE);
        untilClose = true;
    }

    boolean isUntilClose() {
        return untilClose;
    }

    /** True if the body has ended. */
    boolean isDone() {
        return state == DONE;
    }

    /** If the rest of the body is of known length and in this buffer, passes over it. */
    boolean skipRest(ByteBuf in) {
        if (state != DONE && !chunked && remaining <= in.readableBytes()) {
            in.skipBytes((int) remaining);
            state = DONE;
        }
        return state == DONE;
    }

    /** How far it came, for a message. */
    String progress() {
        return untilClose
                ? received + " bytes"
                : chunked ? received + " bytes, before the last chunk" : received + " of " + (received + remaining);
    }

    /** The next piece, retained; null if there is none: then {@link #isDone()}, or more must be read. */
    @Nullable
    ByteBuf next(ByteBuf in) throws Refusal {
        if (chunked) {
            readFraming(in);
        }
        if (state != DATA || !in.isReadable()) {
            return null;
        }
        int length = (int) Math.min(remaining, in.readableBytes());
        ByteBuf data = in.readRetainedSlice(length);
        received += length;
        if (untilClose) {
            return data;
        }
        remaining -= length;
        if (remaining == 0) {
            state = chunked ? DATA_CR : DONE;
            try {
                readFraming(in);
            } catch (Refusal refusal) {
                data.release();
                throw refusal;
            }
        }
        return data;
    }

    /** The trailers of the body that has ended, which are the caller's from now on; null if there are none. */
    @Nullable
    Headers takeTrailers() {
        Headers t = trailers;
        trailers = null;
        return t;
    }

    boolean hasTrailers() {
        return trailers != null;
    }

    /** Forgets the body and gives back what it holds. */
    void reset() {
        state = DONE;
        if (trailerParser != null) {
            trailerParser.reset();
        }
        if (trailers != null) {
            sections.retire(trailers);
            trailers = null;
        }
    }

    private void readFraming(ByteBuf in) throws Refusal {
        while (state != DATA && state != DONE && in.isReadable()) {
            switch (state) {
                case SIZE -> {
                    long size = line.parse(in);
                    if (size >= 0) {
                        remaining = size;
                        state = size > 0 ? DATA : TRAILER_START;
                    }
                }
                case DATA_CR -> {
                    byte b = in.readByte();
                    if (b != '\r') {
                        throw Refusal.badRequest(
                                "bad-chunk-end",
                                Refusal.show(b) + " behind the data of a chunk (expected: CRLF, RFC 9112 section 7.1)");
                    }
                    state = DATA_LF;
                }
                case DATA_LF -> {
                    FieldParser.requireLf(in.readByte());
                    state = SIZE;
                }
                case TRAILER_START -> {
                    if (in.getByte(in.readerIndex()) == '\r') {
                        in.skipBytes(1);
                        state = END_LF;
                    } else {
                        state = TRAILERS;
                    }
                }
                case TRAILERS -> {
                    TrailerParser parser = trailerParser;
                    if (parser == null) {
                        parser = new TrailerParser(sections, options);
                        trailerParser = parser;
                    }
                    if (parser.parse(in)) {
                        trailers = new Headers(parser.takeSection());
                        state = DONE;
                    }
                }
                default -> {
                    FieldParser.requireLf(in.readByte());
                    state = DONE;
                }
            }
        }
    }
}
