package dev.lawu.proxy.internal.h1;

import dev.lawu.proxy.http.FieldSyntax;
import io.netty.buffer.ByteBuf;

/**
 * Reads a chunk's size line (RFC 9112, section 7.1), one byte at a time, so that it may be divided anywhere.
 *
 * <pre>
 *   chunk-size [ *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ) ] CRLF
 * </pre>
 *
 * Extensions are checked and dropped, as a recipient may (section 7.1.1): no meaning is registered for any. A line may be long, and all extensions of a body together may not be much longer than its
 * data, or an attacker could keep a proxy reading for nothing.
 */
final class ChunkLine {
    private static final int MAX_DIGITS = 16;
    private static final int MAX_LINE = 8 * 1024;
    private static final int MAX_EXCESS = 16 * 1024;

    private static final int SIZE = 0;
    private static final int BEFORE_SEMICOLON = 1;
    private static final int BEFORE_NAME = 2;
    private static final int NAME = 3;
    private static final int AFTER_NAME = 4;
    private static final int BEFORE_VALUE = 5;
    private static final int TOKEN = 6;
    private static final int QUOTED = 7;
    private static final int ESCAPED = 8;
    private static final int AFTER_QUOTED = 9;
    private static final int LF = 10;

    private int state;
    private int digits;
    private int length;
    private long size;
    private long excess;

    /** Starts with a new body. */
    void reset() {
        next();
        excess = 0;
    }

    private void next() {
        state = SIZE;
        digits = 0;
        length = 0;
        size = 0;
    }

    /** Reads on: the size, or -1 if the line goes on. */
    long parse(ByteBuf in) throws Refusal {
        while (in.isReadable()) {
            byte b = in.readByte();
            if (state == LF) {
                FieldParser.requireLf(b);
                long read = size;
                excess = Math.max(0, excess + length - digits - read);
                if (excess > MAX_EXCESS) {
                    throw Refusal.badRequest(
                            "chunk-extensions", "more extensions than data (expected: few, RFC 9112 section 7.1.1)");
                }
                next();
                return read;
            }
            if (++length > MAX_LINE) {
                throw Refusal.badRequest(
                        "chunk-line-too-long",
                        "a chunk line of more than " + MAX_LINE + " bytes (expected: at most that)");
            }
            if (b == '\n') {
                throw FieldParser.bareLf();
            }
            if (state == SIZE) {
                size(b);
            } else {
                extension(b);
            }
        }
        return -1;
    }

    private void size(byte b) throws Refusal {
        int digit = Character.digit(b, 16);
        if (digit >= 0) {
            if (++digits > MAX_DIGITS || size >>> 59 != 0) {
                throw badSize("a larger number (expected: at most 16 digits, below 2^63)");
            }
            size = size << 4 | digit;
        } else if (digits == 0) {
            throw badSize(Refusal.show(b) + " (expected: a hexadecimal digit)");
        } else {
            afterItem(b, "in a chunk size (expected: hexadecimal digits, ';' or CRLF)");
        }
    }

    private void extension(byte b) throws Refusal {
        boolean space = b == ' ' || b == '\t';
        boolean token = FieldSyntax.isToken(b);
        switch (state) {
            case BEFORE_SEMICOLON -> {
                if (b == ';') {
                    state = BEFORE_NAME;
                } else if (!space) {
                    throw bad(b, "behind white space (expected: ';')");
                }
            }
            case BEFORE_NAME -> {
                if (token) {
                    state = NAME;
                } else if (!space) {
                    throw bad(b, "as an extension's name (expected: a token)");
                }
            }
            case NAME -> {
                if (b == '=') {
                    state = BEFORE_VALUE;
                } else if (space) {
                    state = AFTER_NAME;
                } else if (!token) {
                    afterItem(b, "in an extension's name (expected: a token)");
                }
            }
            case AFTER_NAME -> {
                if (b == '=') {
                    state = BEFORE_VALUE;
                } else if (b == ';') {
                    state = BEFORE_NAME;
                } else if (!space) {
                    throw bad(b, "behind an extension's name (expected: '=' or ';')");
                }
            }
            case BEFORE_VALUE -> {
                if (b == '"') {
                    state = QUOTED;
                } else if (token) {
                    state = TOKEN;
                } else if (!space) {
                    throw bad(b, "as an extension's value (expected: a token or a quoted string)");
                }
            }
            case TOKEN -> {
                if (!token) {
                    afterItem(b, "in an extension's value (expected: a token)");
                }
            }
            case QUOTED -> {
                if (b == '"') {
                    state = AFTER_QUOTED;
                } else if (b == '\\') {
                    state = ESCAPED;
                } else if (!FieldSyntax.isValue(b)) {
                    throw bad(b, "in a quoted string (expected: no controls)");
                }
            }
            case ESCAPED -> {
                if (!FieldSyntax.isValue(b)) {
                    throw bad(b, "in a quoted string (expected: no controls)");
                }
                state = QUOTED;
            }
            default -> afterItem(b, "behind a quoted string (expected: ';' or CRLF)");
        }
    }

    /** What may follow a size, a name or a value. */
    private void afterItem(byte b, String otherwise) throws Refusal {
        switch (b) {
            case '\r' -> state = LF;
            case ';' -> state = BEFORE_NAME;
            case ' ', '\t' -> state = BEFORE_SEMICOLON;
            default -> throw state == SIZE ? badSize(Refusal.show(b) + " " + otherwise) : bad(b, otherwise);
        }
    }

    private static Refusal badSize(String detail) {
        return Refusal.badRequest("bad-chunk-size", "chunk size: " + detail);
    }

    private static Refusal bad(byte b, String detail) {
        return Refusal.badRequest("bad-chunk-extension", Refusal.show(b) + " " + detail);
    }
}
