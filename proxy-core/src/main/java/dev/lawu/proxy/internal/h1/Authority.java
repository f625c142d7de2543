package dev.lawu.proxy.internal.h1;

import io.netty.util.NetUtil;
import java.nio.charset.StandardCharsets;

/** {@code uri-host [ ":" port ]} (RFC 9110, section 7.2; RFC 3986, section 3.2.2) within an array of bytes. Reused for each value that is looked at. */
final class Authority {
    private static final boolean[] REG_NAME = new boolean[128];

    static {
        for (char c = 'a'; c <= 'z'; c++) {
            REG_NAME[c] = true;
            REG_NAME[c - 'a' + 'A'] = true;
        }
        for (char c : "0123456789-._~!$&'()*+,;=".toCharArray()) {
            REG_NAME[c] = true;
        }
    }

    private int hostStart;
    private int hostEnd;
    private int port;
    private boolean portGiven;

    /** Reads an authority without user information; false if these bytes are none. The host must not be empty; a port may be (RFC 3986, section 3.2.3). */
    boolean parse(byte[] bytes, int start, int end) {
        hostStart = start;
        int at = start < end && bytes[start] == '[' ? literal(bytes, start, end) : name(bytes, start, end);
        hostEnd = at;
        port = 0;
        portGiven = false;
        if (at <= start) {
            return false;
        }
        if (at == end) {
            return true;
        }
        if (bytes[at] != ':') {
            return false;
        }
        for (int i = at + 1; i < end; i++) {
            int digit = bytes[i] - '0';
            if (digit < 0 || digit > 9) {
                return false;
            }
            port = port * 10 + digit;
            portGiven = true;
            if (port > 65_535) {
                return false;
            }
        }
        return true;
    }

    /** The end of the name that starts here; {@code start} if there is none. */
    private static int name(byte[] bytes, int start, int end) {
        int at = start;
        while (at < end) {
            byte b = bytes[at];
            if (b == '%') {
                if (end - at < 3 || !isHex(bytes[at + 1]) || !isHex(bytes[at + 2])) {
                    return start;
                }
                at += 3;
            } else if (b > 0 && REG_NAME[b]) {
                at++;
            } else {
                break;
            }
        }
        return at;
    }

    /** The end of the IP literal that starts here; {@code start} if it is none. Zones are local and do not belong on a wire. */
    private static int literal(byte[] bytes, int start, int end) {
        int at = start + 1;
        while (at < end && (isHex(bytes[at]) || bytes[at] == ':' || bytes[at] == '.')) {
            at++;
        }
        if (at == end || bytes[at] != ']') {
            return start;
        }
        String address = new String(bytes, start + 1, at - start - 1, StandardCharsets.ISO_8859_1);
        return NetUtil.isValidIpV6Address(address) ? at + 1 : start;
    }

    private static boolean isHex(byte b) {
        return b >= '0' && b <= '9' || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F';
    }

    /** The port; 0 if there is none. */
    int port() {
        return portGiven ? port : 0;
    }

    /** The port, or this one if there is none. */
    int port(int byDefault) {
        return portGiven ? port : byDefault;
    }

    /** True if both have the same host, in any case. Both must have been read from this array. */
    boolean sameHost(byte[] bytes, Authority other) {
        int length = hostEnd - hostStart;
        if (length != other.hostEnd - other.hostStart) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (lower(bytes[hostStart + i]) != lower(bytes[other.hostStart + i])) {
                return false;
            }
        }
        return true;
    }

    private static int lower(byte b) {
        return b >= 'A' && b <= 'Z' ? b + ('a' - 'A') : b;
    }
}
