package dev.lawu.proxy.upstream;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An origin server, or another proxy, that a request may be sent to. Immutable and thread-safe; make one and use it for many requests.
 *
 * <p>Peers that are {@link #equals equal} share idle connections: host, port, options and {@link #group()} all count, so a peer with another setting never gets a connection that was made without it.
 */
public final class HttpPeer implements PeerSelection {
    private final String host;
    private final int port;
    private final PeerOptions options;
    private final String group;
    private final int hash;

    private HttpPeer(String host, int port, PeerOptions options, String group) {
        this.host = host;
        this.port = port;
        this.options = options;
        this.group = group;
        this.hash = Objects.hash(host, port, options, group);
    }

    /**
     * A peer that is reached over TCP and speaks HTTP/1.1.
     *
     * @param host a name, which is resolved without blocking when a connection is made, or an IPv4 or IPv6 address (without brackets)
     * @param port 1..65535
     * @throws IllegalArgumentException if the host is empty or the port out of range
     */
    public static HttpPeer of(String host, int port) {
        if (host.isBlank() || host.indexOf('[') >= 0) {
            throw new IllegalArgumentException(
                    "host: \"" + host + "\" (expected: a name or an address without brackets)");
        }
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException("port: " + port + " (expected: 1..65535)");
        }
        return new HttpPeer(host, port, PeerOptions.DEFAULTS, "");
    }

    /**
     * A peer from {@code host:port}, the host of an IPv6 address in brackets.
     *
     * @throws IllegalArgumentException if it is not of that form
     */
    public static HttpPeer parse(String hostAndPort) {
        int colon = hostAndPort.lastIndexOf(':');
        try {
            if (colon > 0) {
                String host = hostAndPort.substring(0, colon);
                if (host.startsWith("[") && host.endsWith("]")) {
                    host = host.substring(1, host.length() - 1);
                } else if (host.indexOf(':') >= 0) {
                    throw new IllegalArgumentException("more than one colon");
                }
                return of(host, Integer.parseInt(hostAndPort.substring(colon + 1)));
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "peer: \"" + hostAndPort + "\" (expected: HOST:PORT or [IPV6]:PORT, port 1..65535)", e);
        }
        throw new IllegalArgumentException(
                "peer: \"" + hostAndPort + "\" (expected: HOST:PORT or [IPV6]:PORT, port 1..65535)");
    }

    /** A copy with other options. */
    public HttpPeer withOptions(PeerOptions options) {
        return new HttpPeer(host, port, Objects.requireNonNull(options, "options"), group);
    }

    /** A copy whose connections are shared only with peers of the same group. Any text; default empty. */
    public HttpPeer withGroup(String group) {
        return new HttpPeer(host, port, options, Objects.requireNonNull(group, "group"));
    }

    /** The name or address. */
    public String host() {
        return host;
    }

    /** The port. */
    public int port() {
        return port;
    }

    /** How connections are made, used and kept. */
    public PeerOptions options() {
        return options;
    }

    /** What separates its connections from those of otherwise equal peers. */
    public String group() {
        return group;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other
                || other instanceof HttpPeer peer
                        && hash == peer.hash
                        && port == peer.port
                        && host.equals(peer.host)
                        && options.equals(peer.options)
                        && group.equals(peer.group);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    /** {@code host:port}. */
    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]:" : host + ":") + port;
    }
}
