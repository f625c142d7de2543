package dev.lawu.proxy;

import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An address that a server listens on, and what holds for the connections that come there. Immutable: each setting answers a changed copy.
 *
 * <pre>{@code
 * Listener.tcp("0.0.0.0", 8080).name("edge").proxyProtocol(TrustedProxies.of("10.0.0.0/8")).maxConnections(10_000)
 * }</pre>
 */
public final class Listener {
    /** What fits into the address of a Unix-domain socket, with the zero at its end, on Linux. */
    private static final int LONGEST_PATH = 107;

    private final SocketAddress address;
    private final @Nullable String name;
    private final int maxConnections;
    private final @Nullable TrustedProxies proxyProtocol;
    private final @Nullable ConnectionFilter connectionFilter;

    private Listener(
            SocketAddress address,
            @Nullable String name,
            int maxConnections,
            @Nullable TrustedProxies proxyProtocol,
            @Nullable ConnectionFilter connectionFilter) {
        this.address = address;
        this.name = name;
        this.maxConnections = maxConnections;
        this.proxyProtocol = proxyProtocol;
        this.connectionFilter = connectionFilter;
    }

    /**
     * Listens on a TCP port.
     *
     * @param host an address of this machine, or a name, which is resolved now; {@code 0.0.0.0} or {@code ::} for all addresses
     * @param port 0 to 65535; 0 takes a free one, which {@link ProxyServer#address()} tells
     */
    public static Listener tcp(String host, int port) {
        return at(new InetSocketAddress(host, port));
    }

    /**
     * Listens on a Unix-domain socket. The file is made at the start, with the permissions that the process's umask leaves, and removed when the server stops listening. A file that a dead process has
     * left is replaced; one that somebody listens on, or that is no socket, is an error at the start.
     *
     * @param path at most 107 bytes (fewer on other systems than Linux) in a directory that exists
     */
    public static Listener unix(String path) {
        return at(UnixDomainSocketAddress.of(path));
    }

    /**
     * Listens on this address.
     *
     * @param address an {@link InetSocketAddress} that is resolved, or a {@link UnixDomainSocketAddress}; of other kinds only what a plugged-in transport knows
     */
    public static Listener at(SocketAddress address) {
        Objects.requireNonNull(address, "address");
        if (address instanceof InetSocketAddress inet && inet.isUnresolved()) {
            throw new IllegalArgumentException(
                    "listen address: " + inet.getHostString() + " (expected: an address, or a name that resolves)");
        }
        if (address instanceof UnixDomainSocketAddress unix) {
            checkPath(unix.getPath());
        }
        return new Listener(address, null, Integer.MAX_VALUE, null, null);
    }

    private static void checkPath(Path path) {
        int length = path.toString().getBytes(StandardCharsets.UTF_8).length;
        if (length == 0 || length > LONGEST_PATH) {
            throw new IllegalArgumentException("listen address: the path \"" + path + "\" has " + length
                    + " bytes (expected: 1.." + LONGEST_PATH + ", which is what a socket's address holds)");
        }
    }

    /** Names it, for logs, metrics and filters: 1 to 64 letters, digits, '.', '_', ':', '-'. Different from other listeners' names. Default: its address. */
    public Listener name(String value) {
        if (!value.matches("[A-Za-z0-9._:-]{1,64}")) {
            throw new IllegalArgumentException(
                    "listener name: \"" + value + "\" (expected: 1 to 64 letters, digits, '.', '_', ':', '-')");
        }
        return new Listener(address, value, maxConnections, proxyProtocol, connectionFilter);
    }

    /** Connections of this listener at the same time; further ones are closed before anything is read. 1..2^31-1; default: no more than {@link ProxyServer.Builder#maxConnections} allows in all. */
    public Listener maxConnections(int value) {
        if (value < 1) {
            throw new IllegalArgumentException(
                    "maxConnections: " + value + " (expected: 1.." + Integer.MAX_VALUE + ")");
        }
        return new Listener(address, name, value, proxyProtocol, connectionFilter);
    }

    /**
     * Takes the client's address from a PROXY protocol header, version 1 or 2, that proxies in these networks send before anything else. They must send it: a connection from there that begins with
     * something else is closed. From any other peer a header is not interpreted: it is a malformed HTTP request, answered 400. On a Unix-domain socket every peer is trusted, because the permissions of
     * the file decide who is one.
     *
     * <p>The client's address, its forwarding fields and {@link ProxyServer.Builder#maxConnectionsPerClient} then follow from the header. {@code LOCAL} and {@code UNKNOWN} (health checks) leave the
     * connection's own addresses. TLVs are skipped. A header has at most 107 bytes (version 1) or 16 + 1,024 (version 2), and has to come within {@link ProxyOptions#headReadTimeout()}.
     */
    public Listener proxyProtocol(TrustedProxies from) {
        if (from.isEmpty() && !(address instanceof UnixDomainSocketAddress)) {
            throw new IllegalArgumentException(
                    "proxyProtocol: no networks (expected: at least one that is trusted to send it)");
        }
        return new Listener(address, name, maxConnections, from, connectionFilter);
    }

    /** Asks this filter about each connection before anything of HTTP is read. Default: every connection is welcome. */
    public Listener connectionFilter(ConnectionFilter filter) {
        return new Listener(
                address, name, maxConnections, proxyProtocol, Objects.requireNonNull(filter, "connectionFilter"));
    }

    /** Where it listens: as it was described, so a port may be 0. */
    public SocketAddress address() {
        return address;
    }

    /** Its name; its address as text if it has none. */
    public String name() {
        return name == null ? text(address) : name;
    }

    /** See {@link #maxConnections(int)}. */
    public int maxConnections() {
        return maxConnections;
    }

    /** Who sends PROXY headers; null if nobody does. */
    public @Nullable TrustedProxies proxyProtocol() {
        return proxyProtocol;
    }

    /** The filter; null if there is none. */
    public @Nullable ConnectionFilter connectionFilter() {
        return connectionFilter;
    }

    boolean hasName() {
        return name != null;
    }

    private static String text(SocketAddress address) {
        if (address instanceof InetSocketAddress inet) {
            String host = inet.getAddress().getHostAddress();
            return (inet.getAddress() instanceof Inet6Address ? "[" + host + "]" : host) + ":" + inet.getPort();
        }
        return address instanceof UnixDomainSocketAddress unix ? "unix:" + unix.getPath() : address.toString();
    }

    /** Its name and its address. */
    @Override
    public String toString() {
        return name == null ? text(address) : name + " (" + text(address) + ")";
    }
}
