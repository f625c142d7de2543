package dev.lawu.proxy.upstream;

import dev.lawu.proxy.http.FieldSyntax;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A proxy through which a peer is reached, by a tunnel that CONNECT opens (RFC 9110, section 9.3.6). Immutable. */
public final class ConnectProxy {
    private final String host;
    private final int port;
    private final Map<String, String> headers;
    private final Duration timeout;

    private ConnectProxy(String host, int port, Map<String, String> headers, Duration timeout) {
        this.host = host;
        this.port = port;
        this.headers = headers;
        this.timeout = timeout;
    }

    /**
     * A proxy that is reached over TCP.
     *
     * @param host a name, or an IPv4 or IPv6 address (without brackets)
     * @param port 1..65535
     * @throws IllegalArgumentException if the host is empty or the port out of range
     */
    public static ConnectProxy of(String host, int port) {
        return new ConnectProxy(
                HttpPeer.requireHost(host), HttpPeer.requirePort(port), Map.of(), Duration.ofSeconds(5));
    }

    /**
     * A copy that sends this field with CONNECT, such as {@code Proxy-Authorization}; another of the same name is replaced.
     *
     * @throws IllegalArgumentException if it is not a field, or is {@code Host}, which says whom to connect to, or one that frames a body
     */
    public ConnectProxy withHeader(String name, String value) {
        FieldSyntax.requireName(name);
        if (name.equalsIgnoreCase("host")
                || name.equalsIgnoreCase("content-length")
                || name.equalsIgnoreCase("transfer-encoding")) {
            throw new IllegalArgumentException(
                    "header: " + name + " (expected: another one; CONNECT has no body, and its Host is the peer)");
        }
        Map<String, String> changed = new LinkedHashMap<>(headers);
        changed.keySet().removeIf(name::equalsIgnoreCase);
        changed.put(name, FieldSyntax.requireValue(name, value));
        return new ConnectProxy(host, port, Collections.unmodifiableMap(changed), timeout);
    }

    /**
     * A copy that waits this long for the answer to CONNECT, from the moment when the proxy is connected to; that itself is under the peer's connect timeout.
     *
     * @param value 1 ms to 24 h, default 5 s
     * @throws IllegalArgumentException if it is out of range
     */
    public ConnectProxy withTimeout(Duration value) {
        return new ConnectProxy(host, port, headers, PeerOptions.requireTime("timeout", value));
    }

    /** The name or address. */
    public String host() {
        return host;
    }

    /** The port. */
    public int port() {
        return port;
    }

    /** The fields that are sent with CONNECT, in order. They may be secret. */
    public Map<String, String> headers() {
        return headers;
    }

    /** That the answer to CONNECT is waited for. */
    public Duration timeout() {
        return timeout;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ConnectProxy that
                && port == that.port
                && host.equals(that.host)
                && headers.equals(that.headers)
                && timeout.equals(that.timeout);
    }

    @Override
    public int hashCode() {
        return Objects.hash(host, port, headers, timeout);
    }

    /** {@code host:port}, without the fields. */
    @Override
    public String toString() {
        return HttpPeer.hostAndPort(host, port);
    }
}
