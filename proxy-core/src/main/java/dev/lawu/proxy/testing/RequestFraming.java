package dev.lawu.proxy.testing;

import java.util.Locale;

/** Finds where requests end. Simple on purpose: it is for an origin that answers what the proxy sends, not for judging it. */
final class RequestFraming {
    private RequestFraming() {}

    /**
     * The length of the first request, head and body.
     *
     * @return -1 if it is not complete yet
     * @throws IllegalArgumentException if its framing cannot be understood
     */
    static int lengthOfFirst(StringBuilder bytes) {
        int headEnd = bytes.indexOf("\r\n\r\n");
        if (headEnd < 0) {
            return -1;
        }
        String head = bytes.substring(0, headEnd + 2);
        int body = headEnd + 4;
        if (field(head, "transfer-encoding").endsWith("chunked")) {
            return endOfChunks(bytes, body);
        }
        String length = field(head, "content-length");
        int end = length.isEmpty() ? body : Math.addExact(body, number(length, 10));
        return end <= bytes.length() ? end : -1;
    }

    /** The value of the first field of this name, in lower case; empty if there is none. */
    static String field(String head, String name) {
        for (String line : head.split("\r\n")) {
            int colon = line.indexOf(':');
            if (colon > 0 && line.substring(0, colon).equalsIgnoreCase(name)) {
                return line.substring(colon + 1).strip().toLowerCase(Locale.ROOT);
            }
        }
        return "";
    }

    private static int endOfChunks(StringBuilder bytes, int start) {
        int at = start;
        while (true) {
            int lineEnd = bytes.indexOf("\r\n", at);
            if (lineEnd < 0) {
                return -1;
            }
            String line = bytes.substring(at, lineEnd);
            int semicolon = line.indexOf(';');
            int size = number((semicolon < 0 ? line : line.substring(0, semicolon)).strip(), 16);
            at = lineEnd + 2;
            if (size == 0) {
                // The trailers, if any, and an empty line.
                int end = bytes.indexOf("\r\n", at) == at ? at : bytes.indexOf("\r\n\r\n", at) + 2;
                return end < at || end + 2 > bytes.length() ? -1 : end + 2;
            }
            at = Math.addExact(at, size + 2);
            if (at > bytes.length()) {
                return -1;
            }
        }
    }

    private static int number(String text, int radix) {
        try {
            return Integer.parseUnsignedInt(text, radix);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("length: \"" + text + "\" (expected: a number)", e);
        }
    }
}
