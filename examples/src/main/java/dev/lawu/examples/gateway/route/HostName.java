package dev.lawu.examples.gateway.route;

import java.util.Locale;

/** Host names as routes compare them. Stateless. */
public final class HostName {
    private HostName() {}

    /** The host of an authority: in lower case, without port and without the dot that may end a full name. */
    public static String of(String authority) {
        int end = authority.length();
        // Brackets around an IPv6 address stay, so that its colons are no port.
        int colon = authority.lastIndexOf(':');
        if (colon >= 0 && authority.indexOf(']', colon) < 0) {
            end = colon;
        }
        if (end > 1 && authority.charAt(end - 1) == '.') {
            end--;
        }
        return authority.substring(0, end).toLowerCase(Locale.ROOT);
    }
}
