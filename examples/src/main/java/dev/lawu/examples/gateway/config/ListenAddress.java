package dev.lawu.examples.gateway.config;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** Reads where a listener listens. Stateless. */
final class ListenAddress {
    private static final String EXPECTED =
            "HOST:PORT, such as 127.0.0.1:8080, 0.0.0.0:80 for every IPv4 address or \"[::]:80\" for every address; port 0 for a free one";

    private ListenAddress() {}

    /** The address; null if it is none. A name is resolved. */
    static @Nullable InetSocketAddress read(ConfigValue value) {
        String text = value.text(EXPECTED);
        if (text == null) {
            return null;
        }
        if (text.startsWith("unix:")) {
            value.problem(value.found() + "; Unix-domain sockets are not built yet", EXPECTED);
            return null;
        }
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? "" : text.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        } else if (host.indexOf(':') >= 0) {
            host = "";
        }
        int port = port(text.substring(colon + 1));
        if (host.isBlank() || port < 0) {
            value.reject(EXPECTED);
            return null;
        }
        InetSocketAddress address = new InetSocketAddress(host, port);
        if (address.isUnresolved()) {
            value.problem(value.found() + ", a name that does not resolve", EXPECTED);
            return null;
        }
        return address;
    }

    private static int port(String text) {
        if (text.isEmpty() || text.length() > 5 || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return -1;
        }
        int port = Integer.parseInt(text);
        return port <= 65_535 ? port : -1;
    }
}
