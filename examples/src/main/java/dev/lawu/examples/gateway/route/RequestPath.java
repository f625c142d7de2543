package dev.lawu.examples.gateway.route;

/**
 * What two URIs must have in common to be the same (RFC 3986, section 6.2.2), as far as routes need it. Stateless.
 *
 * <p>A request must not reach another route than the one that its origin will see. An origin may remove dot segments, so a path with one is refused; it may decode {@code %61} to {@code a}, so
 * routes are looked up with unreserved characters decoded. What is sent on is what was received.
 */
public final class RequestPath {
    private RequestPath() {}

    /** Where the path of a target ends. */
    public static int end(String target) {
        int question = target.indexOf('?');
        return question < 0 ? target.length() : question;
    }

    /**
     * True if there is a segment {@code .} or {@code ..}, plain or encoded, also between encoded slashes and backslashes, which some origins take for slashes, or before a {@code ;}, behind which some
     * origins look for parameters.
     */
    public static boolean hasDotSegment(String target, int end) {
        int at = 0;
        while (at < end) {
            int dots = 0;
            int next = at;
            while (next < end && isDot(target, next, end)) {
                next += target.charAt(next) == '%' ? 3 : 1;
                dots++;
            }
            if ((dots == 1 || dots == 2)
                    && (next == end || separator(target, next, end) > 0 || isSemicolon(target, next, end))) {
                return true;
            }
            while (next < end && separator(target, next, end) == 0) {
                next++;
            }
            at = next + (next < end ? separator(target, next, end) : 0);
        }
        return false;
    }

    private static boolean isDot(String target, int at, int end) {
        return target.charAt(at) == '.' || encoded(target, at, end) == '.';
    }

    private static boolean isSemicolon(String target, int at, int end) {
        return target.charAt(at) == ';' || encoded(target, at, end) == ';';
    }

    /** The length of the separator that stands here; 0 if none does. */
    private static int separator(String target, int at, int end) {
        char c = target.charAt(at);
        if (c == '/' || c == '\\') {
            return 1;
        }
        int decoded = encoded(target, at, end);
        return decoded == '/' || decoded == '\\' ? 3 : 0;
    }

    /** The octet that is percent-encoded here; -1 if none is. */
    static int encoded(String target, int at, int end) {
        if (target.charAt(at) != '%' || at + 2 >= end) {
            return -1;
        }
        int high = Character.digit(target.charAt(at + 1), 16);
        int low = Character.digit(target.charAt(at + 2), 16);
        return high < 0 || low < 0 ? -1 : high << 4 | low;
    }

    /** The path with letters, digits, {@code -._~} decoded, and the hexadecimal digits of what stays encoded in upper case. */
    public static String decodeUnreserved(String path) {
        if (path.indexOf('%') < 0) {
            return path;
        }
        StringBuilder decoded = new StringBuilder(path.length());
        for (int at = 0; at < path.length(); at++) {
            int octet = encoded(path, at, path.length());
            if (octet < 0) {
                decoded.append(path.charAt(at));
                continue;
            }
            if (isUnreserved(octet)) {
                decoded.append((char) octet);
            } else {
                decoded.append('%')
                        .append(Character.toUpperCase(path.charAt(at + 1)))
                        .append(Character.toUpperCase(path.charAt(at + 2)));
            }
            at += 2;
        }
        return decoded.toString();
    }

    private static boolean isUnreserved(int c) {
        return c >= 'a' && c <= 'z'
                || c >= 'A' && c <= 'Z'
                || c >= '0' && c <= '9'
                || c == '-'
                || c == '.'
                || c == '_'
                || c == '~';
    }
}
