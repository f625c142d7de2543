package dev.lawu.proxy.http;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * A field name that is looked up often: its lower-case bytes and hash are made once. Immutable.
 *
 * <p>Field names are case-insensitive (RFC 9110, section 5.1).
 */
public final class FieldName {
    /* The names below have a bit each in FieldSection's set of what is present; all others share those from here on. */
    private static final int SHARED = 32;
    private static final int SLOTS = 256;
    private static final int[] KNOWN_HASH = new int[SLOTS];
    private static final byte[] KNOWN_BIT = new byte[SLOTS];
    private static int known;

    public static final FieldName CONNECTION = known("Connection");
    public static final FieldName CONTENT_LENGTH = known("Content-Length");
    public static final FieldName DATE = known("Date");
    public static final FieldName EXPECT = known("Expect");
    public static final FieldName FORWARDED = known("Forwarded");
    public static final FieldName HOST = known("Host");
    public static final FieldName HTTP2_SETTINGS = known("HTTP2-Settings");
    public static final FieldName KEEP_ALIVE = known("Keep-Alive");
    public static final FieldName MAX_FORWARDS = known("Max-Forwards");
    public static final FieldName PROXY_CONNECTION = known("Proxy-Connection");
    public static final FieldName TE = known("TE");
    public static final FieldName TRAILER = known("Trailer");
    public static final FieldName TRANSFER_ENCODING = known("Transfer-Encoding");
    public static final FieldName UPGRADE = known("Upgrade");
    public static final FieldName VIA = known("Via");
    public static final FieldName X_FORWARDED_FOR = known("X-Forwarded-For");
    public static final FieldName X_FORWARDED_HOST = known("X-Forwarded-Host");
    public static final FieldName X_FORWARDED_PROTO = known("X-Forwarded-Proto");

    private final String text;
    private final byte[] line;
    private final byte[] lower;
    private final int hash;
    private final long bit;

    private FieldName(String text) {
        this.text = text;
        this.line = (text + ": ").getBytes(StandardCharsets.ISO_8859_1);
        this.lower = text.toLowerCase(Locale.ROOT).getBytes(StandardCharsets.ISO_8859_1);
        this.hash = FieldSection.hash(lower, 0, lower.length);
        this.bit = bit(hash);
    }

    /** Makes one of the names that every message is asked for. */
    private static FieldName known(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        int hash = FieldSection.hash(bytes, 0, bytes.length);
        int slot = hash & SLOTS - 1;
        if (known == SHARED || KNOWN_HASH[slot] != 0) {
            throw new IllegalStateException(text + ": no slot is left (expected: a larger table)");
        }
        KNOWN_HASH[slot] = hash;
        KNOWN_BIT[slot] = (byte) known++;
        return new FieldName(text);
    }

    /** The bit of a name with this hash in the set of those that are present. A known name shares its bit only with names of the same hash. */
    static long bit(int hash) {
        int slot = hash & SLOTS - 1;
        return 1L << (KNOWN_HASH[slot] == hash ? KNOWN_BIT[slot] : SHARED + (hash & 31));
    }

    /** {@link #bit(int)} of this name. */
    long bit() {
        return bit;
    }

    /** The name in the case it was given in, and what separates it from its value. */
    byte[] line() {
        return line;
    }

    /** The names as a set, for {@link FieldSection#mayHave}. */
    public static long setOf(FieldName... names) {
        long set = 0;
        for (FieldName name : names) {
            set |= name.bit;
        }
        return set;
    }

    /**
     * Returns the name.
     *
     * @throws IllegalArgumentException if it is not a token (RFC 9110, section 5.6.2)
     */
    public static FieldName of(String name) {
        FieldSyntax.requireName(name);
        return new FieldName(name);
    }

    /** {@link FieldSection#hash(String)} of this name. */
    public int hash() {
        return hash;
    }

    /** True if these bytes are this name, in any case. */
    public boolean matches(byte[] bytes, int start, int length) {
        if (length != lower.length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            int b = bytes[start + i];
            if (b >= 'A' && b <= 'Z') {
                b += 'a' - 'A';
            }
            if (b != lower[i]) {
                return false;
            }
        }
        return true;
    }

    /** The name in the case it was given in. */
    @Override
    public String toString() {
        return text;
    }
}
