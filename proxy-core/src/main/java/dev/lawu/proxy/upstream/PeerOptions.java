package dev.lawu.proxy.upstream;

import java.net.InetAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How connections to a peer are made, used and kept. Immutable; {@link #DEFAULTS} has finite values for everything, {@link #toBuilder()} changes a copy. Every setter checks its range and throws
 * {@link IllegalArgumentException} with what was found and what was expected; timeouts are 1 ms to 24 h.
 *
 * <p>There are three kinds. <b>Connection settings</b> say what a connection is, <b>pool settings</b> how many are kept and for how long; peers share connections, and limits, only if all of these are
 * equal. <b>Attempt settings</b> hold for one request: peers that differ only in them share connections.
 */
public final class PeerOptions {
    /** The defaults. */
    public static final PeerOptions DEFAULTS = new Builder().build();

    private static final Duration SHORTEST = Duration.ofMillis(1);
    private static final Duration LONGEST = Duration.ofHours(24);
    private static final Duration SHORTEST_DELAY = Duration.ofMillis(10);
    private static final Duration LONGEST_DELAY = Duration.ofSeconds(2);

    private final Builder values;
    private final List<@Nullable Object> sharedSettings;

    private PeerOptions(Builder values) {
        this.values = new Builder(values);
        this.sharedSettings = this.values.sharedSettings();
    }

    static Duration requireTime(String name, Duration value) {
        return Builder.time(name, value);
    }

    /** A builder with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** A builder with these values. */
    public Builder toBuilder() {
        return new Builder(values);
    }

    /** What peers must have in common to share connections: the connection and pool settings. */
    List<@Nullable Object> sharedSettings() {
        return sharedSettings;
    }

    // ---- connection settings

    /** To establish a connection, name resolution included; else 504. Default 5 s. */
    public Duration connectTimeout() {
        return values.connectTimeout;
    }

    /**
     * After which the next of several addresses is tried beside those that are being connected to (RFC 8305); at once if all of those have failed. 10 ms to 2 s, default 250 ms. All are under the connect
     * timeout. A host's addresses are taken from both families in turn.
     */
    public Duration connectAttemptDelay() {
        return values.connectAttemptDelay;
    }

    /** The local address of connections; null for the system's choice. Default null. */
    public @Nullable InetAddress sourceAddress() {
        return values.sourceAddress;
    }

    /** When the system probes idle connections; null if it does not. Default null. */
    public @Nullable TcpKeepAlive tcpKeepAlive() {
        return values.tcpKeepAlive;
    }

    /** That sent data may stay unacknowledged before the system gives the connection up (TCP_USER_TIMEOUT, on Linux); zero for the system's choice. Default zero. */
    public Duration tcpUserTimeout() {
        return values.tcpUserTimeout;
    }

    /** The differentiated-services code point of packets (RFC 2474), 0..63. Default 0. */
    public int dscp() {
        return values.dscp;
    }

    /** The proxy through which the peer is reached; null if directly. Default null. */
    public @Nullable ConnectProxy proxy() {
        return values.proxy;
    }

    /** Whether connections begin by saying who the client is; such a connection carries only this client's requests, and the limits hold for each client. Default {@link ProxyProtocol#NONE}. */
    public ProxyProtocol proxyProtocol() {
        return values.proxyProtocol;
    }

    /** The socket's receive buffer, in bytes, 0..64 MiB; 0 for the system's choice. Default 0. */
    public int receiveBufferSize() {
        return values.receiveBufferSize;
    }

    /** The socket's send buffer, in bytes, 0..64 MiB; 0 for the system's choice. Default 0. */
    public int sendBufferSize() {
        return values.sendBufferSize;
    }

    /** Whether the first bytes go with the SYN where both systems can (RFC 7413, Linux). Then connecting seems to succeed at once, and a peer that is not there fails the request. Default false. */
    public boolean tcpFastOpen() {
        return values.tcpFastOpen;
    }

    /** What separates these connections from those of otherwise equal peers: any text. Default empty. */
    public String group() {
        return values.group;
    }

    // ---- pool settings

    /** The most connections at a time over all event loops, in use, idle or being made; further requests wait. 1..65,536, default 1,024. */
    public int maxConnectionsPerPeer() {
        return values.maxConnectionsPerPeer;
    }

    /** The most requests that wait for a connection; further ones fail at once with OVERLOAD (503). 0..65,536, default 1,024. */
    public int maxWaiting() {
        return values.maxWaiting;
    }

    /** That a request waits for a connection; then it fails with POOL_TIMEOUT (503). Default 5 s. */
    public Duration waitTimeout() {
        return values.waitTimeout;
    }

    /** Whether a connection carries one request after another; else each request has one of its own. Default true. */
    public boolean reuse() {
        return values.reuse;
    }

    /** The idle connections that an event loop keeps; more, which a burst may leave, are kept for 1 to 2 s, for the next one. 0..65,536, default 64; 0 keeps none. */
    public int maxIdlePerLoop() {
        return values.maxIdlePerLoop;
    }

    /** That an idle connection is kept. Default 55 s. */
    public Duration idleTimeout() {
        return values.idleTimeout;
    }

    /** The age from which a connection takes no further request; up to a tenth less, at random, so that connections that were made together do not end together. Default 1 h. */
    public Duration maxAge() {
        return values.maxAge;
    }

    /** The most requests that a connection carries. At least 1, default 100,000. */
    public int maxRequestsPerConnection() {
        return values.maxRequestsPerConnection;
    }

    /** The connections that each event loop that has used the peer keeps ready, in use or idle, as far as the other limits allow. 0..65,536, default 0. */
    public int warmConnections() {
        return values.warmConnections;
    }

    // ---- attempt settings

    /** From the last byte of the request, or of its head while the body waits for a 100 (Continue), to the end of the response head; else 504. Default 60 s. */
    public Duration responseHeadTimeout() {
        return values.responseHeadTimeout;
    }

    /** Without a byte of the response body while the client could take more. Default 60 s. */
    public Duration betweenBytesTimeout() {
        return values.betweenBytesTimeout;
    }

    /** Without progress in writing the request. Default 30 s. */
    public Duration writeStallTimeout() {
        return values.writeStallTimeout;
    }

    /** Without a byte in either direction after a protocol switch. Default 10 min. */
    public Duration tunnelIdleTimeout() {
        return values.tunnelIdleTimeout;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other
                || other instanceof PeerOptions options
                        && sharedSettings.equals(options.sharedSettings)
                        && values.attemptSettings().equals(options.values.attemptSettings());
    }

    @Override
    public int hashCode() {
        return 31 * sharedSettings.hashCode() + values.attemptSettings().hashCode();
    }

    /** What differs from the defaults. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("PeerOptions[");
        values.describe(text, DEFAULTS.values);
        return text.append(']').toString();
    }

    /** Makes options. Not thread-safe. */
    public static final class Builder {
        private Duration connectTimeout = Duration.ofSeconds(5);
        private Duration connectAttemptDelay = Duration.ofMillis(250);
        private @Nullable InetAddress sourceAddress = null;
        private @Nullable TcpKeepAlive tcpKeepAlive = null;
        private Duration tcpUserTimeout = Duration.ZERO;
        private int dscp = 0;
        private @Nullable ConnectProxy proxy = null;
        private ProxyProtocol proxyProtocol = ProxyProtocol.NONE;
        private int receiveBufferSize = 0;
        private int sendBufferSize = 0;
        private boolean tcpFastOpen = false;
        private String group = "";
        private int maxConnectionsPerPeer = 1024;
        private int maxWaiting = 1024;
        private Duration waitTimeout = Duration.ofSeconds(5);
        private boolean reuse = true;
        private int maxIdlePerLoop = 64;
        private Duration idleTimeout = Duration.ofSeconds(55);
        private Duration maxAge = Duration.ofHours(1);
        private int maxRequestsPerConnection = 100_000;
        private int warmConnections = 0;
        private Duration responseHeadTimeout = Duration.ofSeconds(60);
        private Duration betweenBytesTimeout = Duration.ofSeconds(60);
        private Duration writeStallTimeout = Duration.ofSeconds(30);
        private Duration tunnelIdleTimeout = Duration.ofMinutes(10);

        private Builder() {}

        private Builder(Builder from) {
            connectTimeout = from.connectTimeout;
            connectAttemptDelay = from.connectAttemptDelay;
            sourceAddress = from.sourceAddress;
            tcpKeepAlive = from.tcpKeepAlive;
            tcpUserTimeout = from.tcpUserTimeout;
            dscp = from.dscp;
            proxy = from.proxy;
            proxyProtocol = from.proxyProtocol;
            receiveBufferSize = from.receiveBufferSize;
            sendBufferSize = from.sendBufferSize;
            tcpFastOpen = from.tcpFastOpen;
            group = from.group;
            maxConnectionsPerPeer = from.maxConnectionsPerPeer;
            maxWaiting = from.maxWaiting;
            waitTimeout = from.waitTimeout;
            reuse = from.reuse;
            maxIdlePerLoop = from.maxIdlePerLoop;
            idleTimeout = from.idleTimeout;
            maxAge = from.maxAge;
            maxRequestsPerConnection = from.maxRequestsPerConnection;
            warmConnections = from.warmConnections;
            responseHeadTimeout = from.responseHeadTimeout;
            betweenBytesTimeout = from.betweenBytesTimeout;
            writeStallTimeout = from.writeStallTimeout;
            tunnelIdleTimeout = from.tunnelIdleTimeout;
        }

        // ---- connection settings

        /** See {@link PeerOptions#connectTimeout()}. */
        public Builder connectTimeout(Duration value) {
            connectTimeout = time("connectTimeout", value);
            return this;
        }

        /** See {@link PeerOptions#connectAttemptDelay()}. */
        public Builder connectAttemptDelay(Duration value) {
            connectAttemptDelay = time("connectAttemptDelay", value, SHORTEST_DELAY, LONGEST_DELAY);
            return this;
        }

        /** See {@link PeerOptions#sourceAddress()}. */
        public Builder sourceAddress(@Nullable InetAddress value) {
            sourceAddress = value;
            return this;
        }

        /** See {@link PeerOptions#tcpKeepAlive()}. */
        public Builder tcpKeepAlive(@Nullable TcpKeepAlive value) {
            tcpKeepAlive = value;
            return this;
        }

        /** See {@link PeerOptions#tcpUserTimeout()}. */
        public Builder tcpUserTimeout(Duration value) {
            tcpUserTimeout = value.isZero() ? value : time("tcpUserTimeout", value);
            return this;
        }

        /** See {@link PeerOptions#dscp()}. */
        public Builder dscp(int value) {
            dscp = range("dscp", value, 0, 63);
            return this;
        }

        /** See {@link PeerOptions#proxy()}. */
        public Builder proxy(@Nullable ConnectProxy value) {
            proxy = value;
            return this;
        }

        /** See {@link PeerOptions#proxyProtocol()}. */
        public Builder proxyProtocol(ProxyProtocol value) {
            proxyProtocol = Objects.requireNonNull(value, "proxyProtocol");
            return this;
        }

        /** See {@link PeerOptions#receiveBufferSize()}. */
        public Builder receiveBufferSize(int value) {
            receiveBufferSize = range("receiveBufferSize", value, 0, 67_108_864);
            return this;
        }

        /** See {@link PeerOptions#sendBufferSize()}. */
        public Builder sendBufferSize(int value) {
            sendBufferSize = range("sendBufferSize", value, 0, 67_108_864);
            return this;
        }

        /** See {@link PeerOptions#tcpFastOpen()}. */
        public Builder tcpFastOpen(boolean value) {
            tcpFastOpen = value;
            return this;
        }

        /** See {@link PeerOptions#group()}. */
        public Builder group(String value) {
            group = Objects.requireNonNull(value, "group");
            return this;
        }

        // ---- pool settings

        /** See {@link PeerOptions#maxConnectionsPerPeer()}. */
        public Builder maxConnectionsPerPeer(int value) {
            maxConnectionsPerPeer = range("maxConnectionsPerPeer", value, 1, 65_536);
            return this;
        }

        /** See {@link PeerOptions#maxWaiting()}. */
        public Builder maxWaiting(int value) {
            maxWaiting = range("maxWaiting", value, 0, 65_536);
            return this;
        }

        /** See {@link PeerOptions#waitTimeout()}. */
        public Builder waitTimeout(Duration value) {
            waitTimeout = time("waitTimeout", value);
            return this;
        }

        /** See {@link PeerOptions#reuse()}. */
        public Builder reuse(boolean value) {
            reuse = value;
            return this;
        }

        /** See {@link PeerOptions#maxIdlePerLoop()}. */
        public Builder maxIdlePerLoop(int value) {
            maxIdlePerLoop = range("maxIdlePerLoop", value, 0, 65_536);
            return this;
        }

        /** See {@link PeerOptions#idleTimeout()}. */
        public Builder idleTimeout(Duration value) {
            idleTimeout = time("idleTimeout", value);
            return this;
        }

        /** See {@link PeerOptions#maxAge()}. */
        public Builder maxAge(Duration value) {
            maxAge = time("maxAge", value);
            return this;
        }

        /** See {@link PeerOptions#maxRequestsPerConnection()}. */
        public Builder maxRequestsPerConnection(int value) {
            maxRequestsPerConnection = range("maxRequestsPerConnection", value, 1, Integer.MAX_VALUE);
            return this;
        }

        /** See {@link PeerOptions#warmConnections()}. */
        public Builder warmConnections(int value) {
            warmConnections = range("warmConnections", value, 0, 65_536);
            return this;
        }

        // ---- attempt settings

        /** See {@link PeerOptions#responseHeadTimeout()}. */
        public Builder responseHeadTimeout(Duration value) {
            responseHeadTimeout = time("responseHeadTimeout", value);
            return this;
        }

        /** See {@link PeerOptions#betweenBytesTimeout()}. */
        public Builder betweenBytesTimeout(Duration value) {
            betweenBytesTimeout = time("betweenBytesTimeout", value);
            return this;
        }

        /** See {@link PeerOptions#writeStallTimeout()}. */
        public Builder writeStallTimeout(Duration value) {
            writeStallTimeout = time("writeStallTimeout", value);
            return this;
        }

        /** See {@link PeerOptions#tunnelIdleTimeout()}. */
        public Builder tunnelIdleTimeout(Duration value) {
            tunnelIdleTimeout = time("tunnelIdleTimeout", value);
            return this;
        }

        /** The options. */
        public PeerOptions build() {
            return new PeerOptions(this);
        }

        private static Duration time(String name, Duration value) {
            return time(name, value, SHORTEST, LONGEST);
        }

        private static Duration time(String name, Duration value, Duration least, Duration most) {
            Objects.requireNonNull(value, name);
            if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
                throw new IllegalArgumentException(name + ": " + value + " (expected: " + least + ".." + most + ")");
            }
            return value;
        }

        private static int range(String name, int value, int least, int most) {
            if (value < least || value > most) {
                throw new IllegalArgumentException(name + ": " + value + " (expected: " + least + ".." + most + ")");
            }
            return value;
        }

        private List<@Nullable Object> sharedSettings() {
            return Collections.unmodifiableList(Arrays.asList(
                    connectTimeout,
                    connectAttemptDelay,
                    sourceAddress,
                    tcpKeepAlive,
                    tcpUserTimeout,
                    dscp,
                    proxy,
                    proxyProtocol,
                    receiveBufferSize,
                    sendBufferSize,
                    tcpFastOpen,
                    group,
                    maxConnectionsPerPeer,
                    maxWaiting,
                    waitTimeout,
                    reuse,
                    maxIdlePerLoop,
                    idleTimeout,
                    maxAge,
                    maxRequestsPerConnection,
                    warmConnections));
        }

        private List<Object> attemptSettings() {
            return List.of(responseHeadTimeout, betweenBytesTimeout, writeStallTimeout, tunnelIdleTimeout);
        }

        private void describe(StringBuilder text, Builder defaults) {
            describe(text, "connectTimeout", connectTimeout, defaults.connectTimeout);
            describe(text, "connectAttemptDelay", connectAttemptDelay, defaults.connectAttemptDelay);
            describe(text, "sourceAddress", sourceAddress, defaults.sourceAddress);
            describe(text, "tcpKeepAlive", tcpKeepAlive, defaults.tcpKeepAlive);
            describe(text, "tcpUserTimeout", tcpUserTimeout, defaults.tcpUserTimeout);
            describe(text, "dscp", dscp, defaults.dscp);
            describe(text, "proxy", proxy, defaults.proxy);
            describe(text, "proxyProtocol", proxyProtocol, defaults.proxyProtocol);
            describe(text, "receiveBufferSize", receiveBufferSize, defaults.receiveBufferSize);
            describe(text, "sendBufferSize", sendBufferSize, defaults.sendBufferSize);
            describe(text, "tcpFastOpen", tcpFastOpen, defaults.tcpFastOpen);
            describe(text, "group", group, defaults.group);
            describe(text, "maxConnectionsPerPeer", maxConnectionsPerPeer, defaults.maxConnectionsPerPeer);
            describe(text, "maxWaiting", maxWaiting, defaults.maxWaiting);
            describe(text, "waitTimeout", waitTimeout, defaults.waitTimeout);
            describe(text, "reuse", reuse, defaults.reuse);
            describe(text, "maxIdlePerLoop", maxIdlePerLoop, defaults.maxIdlePerLoop);
            describe(text, "idleTimeout", idleTimeout, defaults.idleTimeout);
            describe(text, "maxAge", maxAge, defaults.maxAge);
            describe(text, "maxRequestsPerConnection", maxRequestsPerConnection, defaults.maxRequestsPerConnection);
            describe(text, "warmConnections", warmConnections, defaults.warmConnections);
            describe(text, "responseHeadTimeout", responseHeadTimeout, defaults.responseHeadTimeout);
            describe(text, "betweenBytesTimeout", betweenBytesTimeout, defaults.betweenBytesTimeout);
            describe(text, "writeStallTimeout", writeStallTimeout, defaults.writeStallTimeout);
            describe(text, "tunnelIdleTimeout", tunnelIdleTimeout, defaults.tunnelIdleTimeout);
        }

        private static void describe(StringBuilder text, String name, @Nullable Object value, @Nullable Object unless) {
            if (!Objects.equals(value, unless)) {
                text.append(text.charAt(text.length() - 1) == '[' ? "" : ", ")
                        .append(name)
                        .append('=')
                        .append(value);
            }
        }
    }
}
