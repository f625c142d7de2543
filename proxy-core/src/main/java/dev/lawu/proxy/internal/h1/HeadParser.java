package dev.lawu.proxy.internal.h1;

import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.http.FieldName;
import dev.lawu.proxy.http.FieldSection;
import dev.lawu.proxy.http.FieldSyntax;
import dev.lawu.proxy.http.HttpVersion;
import dev.lawu.proxy.internal.loop.SectionPool;
import java.util.Locale;

/** What the heads of requests and responses have in common: the version, and the fields that say how long the body is and what becomes of the connection (RFC 9112, sections 6 and 9). */
abstract class HeadParser extends FieldParser {
    /** {@link #framing()} of a chunked body. */
    static final long CHUNKED = -1;
    /** {@link #framing()} if the head says nothing. */
    static final long NONE = -2;

    private static final String VERSION = "HTTP/";
    private static final int KNOWN_MASK = 63;
    private static final FieldName[] KNOWN = {
        FieldName.CONTENT_LENGTH,
        FieldName.TRANSFER_ENCODING,
        FieldName.CONNECTION,
        FieldName.HOST,
        FieldName.EXPECT,
        FieldName.UPGRADE
    };
    /** Maps a hash to 1 + the place in KNOWN. */
    private static final byte[] KNOWN_BY_HASH = new byte[KNOWN_MASK + 1];

    static {
        for (int i = 0; i < KNOWN.length; i++) {
            int slot = KNOWN[i].hash() & KNOWN_MASK;
            if (KNOWN_BY_HASH[slot] != 0) {
                throw new IllegalStateException("two known fields share a slot (expected: a larger mask)");
            }
            KNOWN_BY_HASH[slot] = (byte) (i + 1);
        }
    }

    private HttpVersion version = HttpVersion.HTTP_1_1;
    private int versionMajor;
    private long contentLength;
    private int transferEncodings;
    private boolean chunked;
    private boolean close;
    private boolean keepAlive;
    private boolean connectionUpgrade;
    private int upgradeIndex;

    HeadParser(SectionPool sections, ProxyOptions options) {
        super(sections, options.maxHead(), options.maxStartLine(), options.maxFields());
        clear();
    }

    private void clear() {
        contentLength = -1;
        transferEncodings = 0;
        chunked = false;
        close = false;
        keepAlive = false;
        connectionUpgrade = false;
        upgradeIndex = -1;
    }

    @Override
    public void reset() {
        super.reset();
        clear();
    }

    /** The version of the head that was parsed. */
    final HttpVersion version() {
        return version;
    }

    /** The value of Content-Length, {@link #CHUNKED} or {@link #NONE}. */
    final long framing() {
        return chunked ? CHUNKED : contentLength >= 0 ? contentLength : NONE;
    }

    /** Whether the sender means the connection to go on after this message (RFC 9112, section 9.3). */
    final boolean isPersistent() {
        return !close && (version == HttpVersion.HTTP_1_1 || keepAlive);
    }

    /** The place of the first Upgrade field if Connection names it, too; else -1. A 1.0 message cannot upgrade (RFC 9110, section 7.8). */
    final int upgradeIndex() {
        return connectionUpgrade && version == HttpVersion.HTTP_1_1 ? upgradeIndex : -1;
    }

    /**
     * Reads one byte of {@code HTTP/d.d}.
     *
     * @param k which byte
     * @return true if that was the last one
     */
    final boolean version(byte b, int k) throws Refusal {
        boolean digit = b >= '0' && b <= '9';
        boolean good = switch (k) {
            case 5, 7 -> digit;
            case 6 -> b == '.';
            default -> b == VERSION.charAt(k);
        };
        if (!good) {
            throw Refusal.badRequest(
                    "bad-version",
                    Refusal.show(b) + " as byte " + k + " of the version (expected: HTTP/1.0 or HTTP/1.1)");
        }
        if (k == 5) {
            versionMajor = b - '0';
        } else if (k == 7) {
            int minor = b - '0';
            if (versionMajor != 1 || minor > 1) {
                throw new Refusal(
                        505,
                        "unsupported-version",
                        "HTTP/" + versionMajor + "." + minor + " (expected: HTTP/1.0 or HTTP/1.1)");
            }
            version = minor == 0 ? HttpVersion.HTTP_1_0 : HttpVersion.HTTP_1_1;
            return true;
        }
        return false;
    }

    @Override
    final void field(FieldSection s, int i, int hash) throws Refusal {
        int known = KNOWN_BY_HASH[hash & KNOWN_MASK] - 1;
        if (known < 0
                || KNOWN[known].hash() != hash
                || !KNOWN[known].matches(s.array(), s.nameStart(i), s.nameLength(i))) {
            return;
        }
        switch (known) {
            case 0 -> contentLength(s, i);
            case 1 -> {
                transferEncodings++;
                chunked = is(s, i, "chunked");
            }
            case 2 -> connection(s, i);
            case 3 -> host(s, i);
            case 4 -> expect(s, i);
            default -> {
                if (upgradeIndex < 0 && s.valueLength(i) > 0) {
                    upgradeIndex = i;
                }
            }
        }
    }

    private void contentLength(FieldSection s, int i) throws Refusal {
        if (contentLength >= 0) {
            throw Refusal.badRequest(
                    "duplicate-content-length", "two Content-Length fields (expected: one, RFC 9110 section 8.6)");
        }
        byte[] bytes = s.array();
        int start = s.valueStart(i);
        int length = s.valueLength(i);
        long value = 0;
        boolean valid = length > 0 && length <= 18;
        for (int k = 0; valid && k < length; k++) {
            int digit = bytes[start + k] - '0';
            valid = digit >= 0 && digit <= 9;
            value = value * 10 + digit;
        }
        if (!valid) {
            throw Refusal.badRequest(
                    "bad-content-length",
                    "Content-Length " + FieldSyntax.quote(s.value(i)) + " (expected: 1 to 18 digits)");
        }
        contentLength = value;
    }

    private void connection(FieldSection s, int i) {
        if (is(s, i, "keep-alive")) {
            keepAlive = true;
            return;
        }
        for (String option : s.value(i).split(",")) {
            switch (option.strip().toLowerCase(Locale.ROOT)) {
                case "close" -> close = true;
                case "keep-alive" -> keepAlive = true;
                case "upgrade" -> connectionUpgrade = true;
                default -> {
                    // Names a field; the engine removes those.
                }
            }
        }
    }

    /** True if the value is this text, in any case; the text is lower case. */
    static boolean is(FieldSection s, int i, String lower) {
        return s.valueLength(i) == lower.length() && startsWith(s, i, lower);
    }

    /** True if the value begins with this text, in any case; the text is lower case. */
    static boolean startsWith(FieldSection s, int i, String lower) {
        int length = lower.length();
        if (s.valueLength(i) < length) {
            return false;
        }
        byte[] bytes = s.array();
        int start = s.valueStart(i);
        for (int k = 0; k < length; k++) {
            int b = bytes[start + k];
            if (b >= 'A' && b <= 'Z') {
                b += 'a' - 'A';
            }
            if (b != lower.charAt(k)) {
                return false;
            }
        }
        return true;
    }

    @Override
    void complete(FieldSection s) throws Refusal {
        if (transferEncodings == 0) {
            return;
        }
        if (contentLength >= 0) {
            throw Refusal.badRequest(
                    "cl-and-te", "Content-Length and Transfer-Encoding (expected: one of them, RFC 9112 section 6.3)");
        }
        if (version == HttpVersion.HTTP_1_0) {
            throw Refusal.badRequest(
                    "te-in-1.0", "Transfer-Encoding in HTTP/1.0 (expected: none, RFC 9112 section 6.1)");
        }
        if (transferEncodings > 1 || !chunked) {
            throw badTransferEncoding(s);
        }
    }

    /** Everything but one {@code chunked} is refused; this finds out how. */
    private static Refusal badTransferEncoding(FieldSection s) {
        StringBuilder all = new StringBuilder();
        for (int i = s.find(FieldName.TRANSFER_ENCODING, 0); i >= 0; i = s.find(FieldName.TRANSFER_ENCODING, i + 1)) {
            all.append(all.isEmpty() ? "" : ",").append(s.value(i));
        }
        String[] codings = all.toString().split(",", -1);
        boolean readable = true;
        for (int k = 0; k < codings.length; k++) {
            String coding = codings[k].strip();
            boolean last = k == codings.length - 1;
            int semicolon = coding.indexOf(';');
            String name = (semicolon < 0 ? coding : coding.substring(0, semicolon)).strip();
            readable &= FieldSyntax.isToken(name) && name.equalsIgnoreCase("chunked") == last;
            readable &= !last || semicolon < 0;
        }
        String found = "Transfer-Encoding " + FieldSyntax.quote(all);
        return readable
                ? new Refusal(501, "unknown-transfer-coding", found + " (expected: chunked)")
                : Refusal.badRequest(
                        "bad-transfer-encoding", found + " (expected: one final chunked, RFC 9112 section 6.3)");
    }

    abstract void host(FieldSection s, int i) throws Refusal;

    abstract void expect(FieldSection s, int i) throws Refusal;
}
