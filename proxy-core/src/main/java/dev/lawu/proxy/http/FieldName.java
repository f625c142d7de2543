package dev.lawu.proxy.http;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * A field name that is looked up often: its lower-case bytes and hash are made once. Immutable.
 *
 * <p>Field names are case-insensitive (RFC 9110, section 5.1).
 */
public final class FieldName {
    public static final FieldName CONNECTION = of("Connection");
    public static final FieldName CONTENT_LENGTH = of("Content-Length");
    public static final FieldName DATE = of("Date");
    public static final FieldName EXPECT = of("Expect");
    public static final FieldName FORWARDED = of("Forwarded");
    public static final FieldName HOST = of("Host");
    public static final FieldName HTTP2_SETTINGS = of("HTTP2-Settings");
    public static final FieldName KEEP_ALIVE = of("Keep-Alive");
    public static final FieldName MAX_FORWARDS = of("Max-Forwards");
    public static final FieldName PROXY_CONNECTION = of("Proxy-Connection");
    public static final FieldName TE = of("TE");
    public static final FieldName TRAILER = of("Trailer");
    public static final FieldName TRANSFER_ENCODING = of("Transfer-Encoding");
    public static final FieldName UPGRADE = of("Upgrade");
    public static final FieldName VIA = of("Via");
    public static final FieldName X_FORWARDED_FOR = of("X-Forwarded-For");
    public static final FieldName X_FORWARDED_HOST = of("X-Forwarded-Host");
    public static final FieldName X_FORWARDED_PROTO = of("X-Forwarded-Proto");

    private final String text;
    private final byte[] lower;
    private final int hash;

    private FieldName(String text) {
        this.text = text;
        this.lower = text.toLowerCase(Locale.ROOT).getBytes(StandardCharsets.ISO_8859_1);
        this.hash = FieldSection.hash(lower, 0, lower.length);
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
