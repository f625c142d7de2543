package dev.lawu.proxy.http;

/** What RFC 9110 allows in names and values, as tables: one place for parsers, heads and builders. Stateless. */
public final class FieldSyntax {
    private static final boolean[] TOKEN = new boolean[256];

    static {
        for (char c = '0'; c <= '9'; c++) {
            TOKEN[c] = true;
        }
        for (char c = 'a'; c <= 'z'; c++) {
            TOKEN[c] = true;
            TOKEN[c - 'a' + 'A'] = true;
        }
        for (char c : "!#$%&'*+-.^_`|~".toCharArray()) {
            TOKEN[c] = true;
        }
    }

    private FieldSyntax() {}

    /** True for a tchar (RFC 9110, section 5.6.2). */
    public static boolean isToken(byte b) {
        return TOKEN[b & 0xFF];
    }

    /** True for what a field value may hold: HTAB, SP, VCHAR and obs-text (RFC 9110, section 5.5). */
    public static boolean isValue(byte b) {
        return b >= ' ' ? b != 0x7F : b < 0 || b == '\t';
    }

    /** True for what a request target may hold: visible ASCII without '#' (RFC 9112, section 3.2). */
    public static boolean isTarget(byte b) {
        return b > ' ' && b < 0x7F && b != '#';
    }

    /** True if the text is a token and not empty. */
    public static boolean isToken(CharSequence text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) > 0x7F || !TOKEN[text.charAt(i)]) {
                return false;
            }
        }
        return text.length() > 0;
    }

    /** Returns the name, or throws {@link IllegalArgumentException} if it is not a token. */
    public static String requireName(String name) {
        if (!isToken(name)) {
            throw new IllegalArgumentException(
                    "field name: " + quote(name) + " (expected: a token, RFC 9110 section 5.6.2)");
        }
        return name;
    }

    /** Returns the value without the white space around it, which is no part of it, or throws {@link IllegalArgumentException} if it has controls or a character above U+00FF. */
    public static String requireValue(String name, String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c > 0xFF || !isValue((byte) c)) {
                throw new IllegalArgumentException("value of field " + name + ": " + quote(value)
                        + " (expected: visible characters, spaces and tabs, none above U+00FF; RFC 9110 section 5.5)");
            }
        }
        return value.strip().length() == value.length() ? value : value.strip();
    }

    /** Returns the target, or throws {@link IllegalArgumentException} if it could not stand in a request line. */
    public static String requireTarget(String target) {
        for (int i = 0; i < target.length(); i++) {
            char c = target.charAt(i);
            if (c > 0x7F || !isTarget((byte) c)) {
                throw new IllegalArgumentException("request target: " + quote(target)
                        + " (expected: visible ASCII without '#', RFC 9112 section 3.2)");
            }
        }
        if (target.isEmpty()) {
            throw new IllegalArgumentException("request target: empty (expected: at least \"/\" or \"*\")");
        }
        return target;
    }

    /** The text with controls escaped and its end cut, safe in a log line. */
    public static String quote(CharSequence text) {
        StringBuilder quoted = new StringBuilder("\"");
        int length = Math.min(text.length(), 100);
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c < ' ' || c >= 0x7F) {
                quoted.append(String.format("\\x%02x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append(length < text.length() ? "\"..." : "\"").toString();
    }
}
