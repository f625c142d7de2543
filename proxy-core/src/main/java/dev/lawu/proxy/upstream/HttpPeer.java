package dev.lawu.proxy.upstream;

import dev.lawu.proxy.http.FieldSyntax;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An origin server, or another proxy, that a request may be sent to. Immutable and thread-safe; make one and use it for many requests.
 *
 * <p>Peers of the same {@link #poolKey()} share connections: the address and all connection and pool settings of the {@link PeerOptions} count, so a peer with another setting never gets a connection
 * that was made without it.
 */
public final class HttpPeer implements PeerSelection {
    /** What a socket address has room for (Linux: 108 bytes with the end mark; others: 104). */
    private static final int LONGEST_PATH = 103;

    private static final String FORM = "HOST:PORT, [IPV6]:PORT or unix:PATH, port 1..65535";

    private final String host;
    private final int port;
    private final @Nullable String path;
    private final PeerOptions options;
    private final @Nullable String hostOverride;
    private final PoolKey key;

    private HttpPeer(String host, int port, @Nullable String path, PeerOptions options, @Nullable String hostOverride) {
        this.host = host;
        this.port = port;
        this.path = path;
        this.options = options;
        this.hostOverride = hostOverride;
        this.key = PoolKey.of(this);
    }

    /**
     * A peer that is reached over TCP and speaks HTTP/1.1.
     *
     * @param host a name, which is resolved without blocking when a connection is made, or an IPv4 or IPv6 address (without brackets)
     * @param port 1..65535
     * @throws IllegalArgumentException if the host is empty or the port out of range
     */
    public static HttpPeer of(String host, int port) {
        return new HttpPeer(requireHost(host), requirePort(port), null, PeerOptions.DEFAULTS, null);
    }

    /**
     * A peer that is reached over a Unix-domain socket and speaks HTTP/1.1.
     *
     * @param path of the socket, 1..103 bytes
     * @throws IllegalArgumentException if the path is empty or too long, holds a NUL, or is none on this platform
     */
    public static HttpPeer unix(String path) {
        int length = path.getBytes(StandardCharsets.UTF_8).length;
        if (length < 1 || length > LONGEST_PATH || path.indexOf(0) >= 0) {
            throw new IllegalArgumentException(
                    "path: " + FieldSyntax.quote(path) + " (expected: 1.." + LONGEST_PATH + " bytes without NUL)");
        }
        try {
            UnixDomainSocketAddress.of(path);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException(
                    "path: " + FieldSyntax.quote(path) + " (expected: a path of this platform; " + e.getReason() + ")",
                    e);
        }
        return new HttpPeer("localhost", 0, path, PeerOptions.DEFAULTS, null);
    }

    /**
     * A peer from {@code host:port}, the host of an IPv6 address in brackets, or {@code unix:path}.
     *
     * @throws IllegalArgumentException if it is not of that form
     */
    public static HttpPeer parse(String text) {
        try {
            if (text.startsWith("unix:")) {
                return unix(text.substring(5));
            }
            int colon = text.lastIndexOf(':');
            if (colon > 0) {
                String host = text.substring(0, colon);
                if (host.startsWith("[") && host.endsWith("]")) {
                    host = host.substring(1, host.length() - 1);
                } else if (host.indexOf(':') >= 0) {
                    throw new IllegalArgumentException("more than one colon");
                }
                return of(host, Integer.parseInt(text.substring(colon + 1)));
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("peer: \"" + text + "\" (expected: " + FORM + ")", e);
        }
        throw new IllegalArgumentException("peer: \"" + text + "\" (expected: " + FORM + ")");
    }

    static String requireHost(String host) {
        if (host.isBlank() || host.indexOf('[') >= 0) {
            throw new IllegalArgumentException(
                    "host: \"" + host + "\" (expected: a name or an address without brackets)");
        }
        return host;
    }

    static int requirePort(int port) {
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException("port: " + port + " (expected: 1..65535)");
        }
        return port;
    }

    static String hostAndPort(String host, int port) {
        return (host.indexOf(':') >= 0 ? "[" + host + "]:" : host + ":") + port;
    }

    /** A copy with other options. */
    public HttpPeer withOptions(PeerOptions options) {
        return new HttpPeer(host, port, path, Objects.requireNonNull(options, "options"), hostOverride);
    }

    /** A copy whose connections are shared only with peers of the same {@link PeerOptions#group()}. */
    public HttpPeer withGroup(String group) {
        return withOptions(options.toBuilder().group(group).build());
    }

    /**
     * A copy whose requests have this {@code Host} instead of the client's. Connections are shared with peers that do without.
     *
     * @param host a name or address, with a port if it needs one: {@code HOST} or {@code HOST:PORT}, an IPv6 address in brackets
     * @throws IllegalArgumentException if it cannot stand in {@code Host}
     */
    public HttpPeer withHost(String host) {
        for (int i = 0; i < host.length(); i++) {
            char c = host.charAt(i);
            if (c <= ' ' || c >= 0x7F || "/?#@\\\"<>,{}|^`".indexOf(c) >= 0) {
                throw new IllegalArgumentException(
                        "host: " + FieldSyntax.quote(host) + " (expected: HOST or HOST:PORT)");
            }
        }
        if (host.isEmpty()) {
            throw new IllegalArgumentException("host: \"\" (expected: HOST or HOST:PORT)");
        }
        return new HttpPeer(this.host, port, path, options, host);
    }

    /** The name or address; {@code localhost} for a Unix-domain socket. */
    public String host() {
        return host;
    }

    /** The port; 0 for a Unix-domain socket. */
    public int port() {
        return port;
    }

    /** The path of the Unix-domain socket; null if it is reached over TCP. */
    public @Nullable String path() {
        return path;
    }

    /** How connections are made, used and kept. */
    public PeerOptions options() {
        return options;
    }

    /** The {@code Host} of its requests; null for the client's. */
    public @Nullable String hostOverride() {
        return hostOverride;
    }

    /** Equal for peers that share connections. */
    public PoolKey poolKey() {
        return key;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other
                || other instanceof HttpPeer peer
                        && key.equals(peer.key)
                        && options.equals(peer.options)
                        && Objects.equals(hostOverride, peer.hostOverride);
    }

    @Override
    public int hashCode() {
        return key.hashCode();
    }

    /** {@code host:port}, or {@code unix:path}. */
    @Override
    public String toString() {
        return path != null ? "unix:" + path : hostAndPort(host, port);
    }
}
