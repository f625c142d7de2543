package dev.lawu.proxy.internal.h1;

import dev.lawu.proxy.http.FieldSection;
import dev.lawu.proxy.http.FieldSyntax;
import dev.lawu.proxy.internal.loop.SectionPool;
import io.netty.buffer.ByteBuf;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Reads field lines up to the empty line (RFC 9112, section 5), after a start line that a subclass reads.
 *
 * <p>Bytes are copied once, in blocks, from the network's buffer to the array of a {@link FieldSection}, and looked at once there: a state machine checks each byte and notes where names and values
 * stand. It may stop at any byte and goes on there when more has come, so a head that drips in costs no more than one that comes at once, and what a byte is refused for does not depend on how
 * the head was divided. What a block holds behind the end of the head is given back by moving the buffer's reader index.
 *
 * <pre>
 *   START_LINE (subclass) --CRLF--&gt; LINE
 *   LINE   --CR--&gt; END_LF --LF--&gt; done        a space here would be obs-fold, or white space before the first field: refused
 *   LINE   --tchar--&gt; NAME --':'--&gt; OWS       anything else in a name, a space before the colon above all, is refused
 *   OWS    --other--&gt; VALUE                    spaces and tabs are passed over
 *   VALUE  --CR--&gt; VALUE_LF --LF--&gt; LINE      a bare CR or LF, a NUL, any control but HTAB: refused
 * </pre>
 */
abstract class FieldParser {
    /** What is copied at a time: nearly every head fits, and little is copied in vain of the body behind it. */
    private static final int BLOCK = 1024;

    private static final int START_LINE = 0;
    private static final int LINE = 1;
    private static final int NAME = 2;
    private static final int OWS = 3;
    private static final int VALUE = 4;
    private static final int VALUE_LF = 5;
    private static final int END_LF = 6;

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final long ONES = 0x0101_0101_0101_0101L;
    private static final long HIGHS = ONES << 7;
    private static final long SPACES = ONES * ' ';
    private static final long DELETES = ONES * 0x7F;

    /** For each byte its lower case if it may stand in a name, else 0. */
    private static final byte[] NAME_BYTES = new byte[256];

    static {
        for (int i = 0; i < 256; i++) {
            if (FieldSyntax.isToken((byte) i)) {
                NAME_BYTES[i] = (byte) Character.toLowerCase((char) i);
            }
        }
    }

    private final SectionPool sections;
    private final int maxBytes;
    private final int maxStartLine;
    private final int maxFields;

    private @Nullable FieldSection section;
    private int filled;
    private int position;
    private int state;
    private int nameStart;
    private int nameLength;
    private int nameHash;
    private int valueStart;

    /**
     * Makes a parser that can be used for one section after another.
     *
     * @param maxStartLine in bytes without CRLF; negative if there is no start line
     */
    FieldParser(SectionPool sections, int maxBytes, int maxStartLine, int maxFields) {
        this.sections = sections;
        this.maxBytes = maxBytes;
        this.maxStartLine = maxStartLine;
        this.maxFields = maxFields;
        this.state = maxStartLine < 0 ? LINE : START_LINE;
    }

    /**
     * Reads on.
     *
     * @return true if the section is complete: then the buffer stands behind it; false if more bytes are needed: then the buffer is empty
     */
    public final boolean parse(ByteBuf in) throws Refusal {
        FieldSection s = section;
        if (s == null) {
            if (!skipToFirst(in)) {
                return false;
            }
            s = sections.take();
            section = s;
        }
        while (true) {
            if (position == filled) {
                int block = Math.min(Math.min(in.readableBytes(), BLOCK), maxBytes - filled);
                if (block == 0) {
                    if (filled == maxBytes) {
                        throw tooLarge();
                    }
                    return false;
                }
                s.ensureWritable(filled + block);
                in.readBytes(s.array(), filled, block);
                filled += block;
            }
            if (advance(s)) {
                in.readerIndex(in.readerIndex() - (filled - position));
                s.advance(position);
                complete(s);
                return true;
            }
        }
    }

    /** True if a byte of the section has been read. */
    public final boolean hasStarted() {
        return section != null;
    }

    /** The complete section, which is the caller's from now on; the parser is ready for another. */
    final FieldSection takeSection() {
        FieldSection s = section;
        if (s == null) {
            throw new IllegalStateException("no section (expected: parse() returned true)");
        }
        section = null;
        reset();
        return s;
    }

    /** Forgets what was read. */
    public void reset() {
        if (section != null) {
            sections.give(section);
            section = null;
        }
        filled = 0;
        position = 0;
        state = maxStartLine < 0 ? LINE : START_LINE;
    }

    private boolean advance(FieldSection s) throws Refusal {
        byte[] bytes = s.array();
        int p = position;
        int end = filled;
        if (state == START_LINE) {
            // Two more for CRLF: whatever is not complete then has too long a line.
            int limit = maxStartLine + 2;
            p = startLine(bytes, p, Math.min(end, limit));
            if (state == START_LINE) {
                position = p;
                if (p == limit) {
                    throw startLineTooLong(maxStartLine);
                }
                return false;
            }
        }
        while (p < end) {
            byte b = bytes[p];
            switch (state) {
                case LINE -> {
                    if (b == '\r') {
                        state = END_LF;
                        p++;
                    } else if (b == ' ' || b == '\t') {
                        throw s.slots() == 0 && maxStartLine >= 0
                                ? Refusal.badRequest(
                                        "space-before-field",
                                        "white space before the first field (expected: a field name, RFC 9112 section 2.2)")
                                : Refusal.badRequest(
                                        "obs-fold",
                                        "a line that starts with white space (expected: each field on one line, RFC 9112 section 5.2)");
                    } else {
                        nameStart = p;
                        nameHash = 0;
                        state = NAME;
                        p = wholeLine(s, bytes, p, end);
                    }
                }
                case NAME -> {
                    int hash = nameHash;
                    int lower = NAME_BYTES[b & 0xFF];
                    while (lower != 0 && ++p < end) {
                        hash = hash * 31 + lower;
                        lower = NAME_BYTES[bytes[p] & 0xFF];
                    }
                    if (lower != 0) {
                        hash = hash * 31 + lower;
                    } else {
                        endName(s, p);
                        p++;
                        state = OWS;
                    }
                    nameHash = hash;
                }
                case OWS -> {
                    if (b == ' ' || b == '\t') {
                        p++;
                    } else {
                        valueStart = p;
                        state = VALUE;
                    }
                }
                case VALUE -> {
                    p = skipValue(bytes, p, end);
                    if (p < end) {
                        if (bytes[p] != '\r') {
                            throw badValue(s, bytes[p]);
                        }
                        p++;
                        state = VALUE_LF;
                    }
                }
                case VALUE_LF -> {
                    requireLf(b);
                    p++;
                    endField(s, p);
                    state = LINE;
                }
                case END_LF -> {
                    requireLf(b);
                    position = p + 1;
                    return true;
                }
                default -> throw new IllegalStateException("state " + state);
            }
        }
        position = p;
        return false;
    }

    /**
     * Reads a line that is here as a whole and has nothing unusual, which nearly every line is. Of any other it reads nothing, and the states decide byte by byte.
     *
     * @return where the next line starts, or {@code from}
     */
    private int wholeLine(FieldSection s, byte[] bytes, int from, int end) throws Refusal {
        int p = from;
        int hash = 0;
        int lower = NAME_BYTES[bytes[p] & 0xFF];
        while (lower != 0 && ++p < end) {
            hash = hash * 31 + lower;
            lower = NAME_BYTES[bytes[p] & 0xFF];
        }
        int colon = p;
        if (end - colon < 4
                || colon == from
                || bytes[colon] != ':'
                || bytes[colon + 1] != ' '
                || bytes[colon + 2] <= ' ') {
            return from;
        }
        p = skipValue(bytes, colon + 2, end);
        if (end - p < 2 || bytes[p] != '\r' || bytes[p + 1] != '\n') {
            return from;
        }
        nameLength = colon - from;
        nameHash = hash;
        valueStart = colon + 2;
        endField(s, p + 2);
        state = LINE;
        return p + 2;
    }

    /** Passes over what a value may hold, eight bytes at a time while none of them is below a space or a DEL. */
    private static int skipValue(byte[] bytes, int from, int end) {
        int p = from;
        while (true) {
            while (p + 8 <= end) {
                long word = (long) LONGS.get(bytes, p);
                long controls = (word - SPACES) & ~word;
                long other = word ^ DELETES;
                long deletes = (other - ONES) & ~other;
                if (((controls | deletes) & HIGHS) != 0) {
                    break;
                }
                p += 8;
            }
            // The word that was stopped at, or the last few bytes; a tab among them is no reason to stay slow.
            int slow = Math.min(p + 8, end);
            while (p < slow) {
                if (!FieldSyntax.isValue(bytes[p])) {
                    return p;
                }
                p++;
            }
            if (p == end) {
                return p;
            }
        }
    }

    private void endName(FieldSection s, int p) throws Refusal {
        byte b = s.array()[p];
        nameLength = p - nameStart;
        if (b == ':' && nameLength > 0) {
            return;
        }
        String name = FieldSyntax.quote(s.latin1(nameStart, Math.min(nameLength, 64)));
        if (b == ':') {
            throw Refusal.badRequest("empty-field-name", "a line that starts with ':' (expected: a field name)");
        }
        if (b == '\n') {
            throw bareLf();
        }
        if (b == ' ' || b == '\t') {
            throw Refusal.badRequest(
                    "space-before-colon",
                    "white space behind field name " + name + " (expected: ':' at once, RFC 9112 section 5.1)");
        }
        throw Refusal.badRequest(
                "bad-field-name",
                Refusal.show(b) + " behind " + name
                        + " in a field name (expected: a token and ':', RFC 9110 section 5.1)");
    }

    private Refusal badValue(FieldSection s, byte b) {
        if (b == '\n') {
            return bareLf();
        }
        return Refusal.badRequest(
                "bad-field-value",
                Refusal.show(b) + " in the value of "
                        + FieldSyntax.quote(s.latin1(nameStart, Math.min(nameLength, 64)))
                        + " (expected: no controls, RFC 9110 section 5.5)");
    }

    private void endField(FieldSection s, int lineEnd) throws Refusal {
        if (s.slots() == maxFields) {
            throw new Refusal(431, "too-many-fields", "more than " + maxFields + " fields (expected: at most that)");
        }
        byte[] bytes = s.array();
        int end = lineEnd - 2;
        while (end > valueStart && (bytes[end - 1] == ' ' || bytes[end - 1] == '\t')) {
            end--;
        }
        int hash = nameHash == 0 ? 1 : nameHash;
        s.index(nameStart, nameLength, valueStart, end - valueStart, lineEnd, hash);
        field(s, s.slots() - 1, hash);
    }

    private Refusal tooLarge() {
        return state == START_LINE
                ? startLineTooLong(maxBytes)
                : new Refusal(
                        431,
                        "section-too-large",
                        "more than " + maxBytes + " bytes of fields (expected: at most that)");
    }

    /** Refuses what is not the LF of a CRLF. */
    static void requireLf(byte b) throws Refusal {
        if (b != '\n') {
            throw Refusal.badRequest(
                    "bare-cr", "CR followed by " + Refusal.show(b) + " (expected: LF, RFC 9112 section 2.2)");
        }
    }

    /** What a LF without CR is refused with. */
    static Refusal bareLf() {
        return Refusal.badRequest("bare-lf", "LF without CR (expected: CRLF, RFC 9112 section 2.2)");
    }

    /** The start line is complete. */
    final void startLineEnded() {
        state = LINE;
    }

    /** Passes over what may precede the first byte; true if the first byte is there. */
    boolean skipToFirst(ByteBuf in) throws Refusal {
        return in.isReadable();
    }

    /** Reads the start line from {@code position} to at most {@code end} and says how far it came; calls {@link #startLineEnded()}. The line starts at 0. */
    abstract int startLine(byte[] bytes, int position, int end) throws Refusal;

    abstract Refusal startLineTooLong(int limit);

    /** A field was indexed at {@code i}. */
    abstract void field(FieldSection s, int i, int hash) throws Refusal;

    /** The section is complete; last checks. */
    void complete(FieldSection s) throws Refusal {}
}
