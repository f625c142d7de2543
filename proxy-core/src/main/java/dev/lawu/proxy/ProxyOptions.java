package dev.lawu.proxy;

import java.time.Duration;
import java.util.List;
import java.util.Objects;

/**
 * The limits and policies of a proxy. Immutable; {@link #DEFAULTS} is finite everywhere, {@link #toBuilder()} changes a copy. Every setter checks its range and throws
 * {@link IllegalArgumentException} with what was found and what was expected.
 */
public final class ProxyOptions {
    /** The defaults. */
    public static final ProxyOptions DEFAULTS = new Builder().build();

    /** Which fields tell the upstream about the client. */
    public enum ForwardingFields {
        /** {@code X-Forwarded-For}, {@code -Proto}, {@code -Host} and {@code Forwarded}. */
        BOTH,
        /** {@code X-Forwarded-For}, {@code -Proto} and {@code -Host}; a client's {@code Forwarded} is removed. */
        X_FORWARDED,
        /** {@code Forwarded} (RFC 7239); a client's {@code X-Forwarded-*} are removed. */
        FORWARDED,
        /** None is added and the client's are removed. */
        NONE
    }

    private final Builder values;

    private ProxyOptions(Builder values) {
        this.values = new Builder(values);
    }

    /** A builder with these values. */
    public Builder toBuilder() {
        return new Builder(values);
    }

    /** A builder with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** The longest request line or status line, in bytes without its CRLF; else 414. Default 8 KiB. */
    public int maxStartLine() {
        return values.maxStartLine;
    }

    /** The largest head, in bytes from its first line to its empty line; else 431. Default 32 KiB. */
    public int maxHead() {
        return values.maxHead;
    }

    /** The most fields of a head or trailer section; else 431. Default 128. */
    public int maxFields() {
        return values.maxFields;
    }

    /** The largest trailer section, in bytes; else 431. Default 8 KiB. */
    public int maxTrailers() {
        return values.maxTrailers;
    }

    /** From the first byte of a request to the end of its head; else 408. Default 15 s. */
    public Duration headReadTimeout() {
        return values.headReadTimeout;
    }

    /** Without a byte of the request body while the proxy could take more and the client waits for no 100 (Continue); else 408. Default 30 s. */
    public Duration bodyIdleTimeout() {
        return values.bodyIdleTimeout;
    }

    /** That a client's connection is kept without a request. Default 60 s. */
    public Duration keepAliveTimeout() {
        return values.keepAliveTimeout;
    }

    /** Without progress in writing to the client. Default 30 s. */
    public Duration writeStallTimeout() {
        return values.writeStallTimeout;
    }

    /** That a callback's pending result may take. Default 60 s. */
    public Duration callbackTimeout() {
        return values.callbackTimeout;
    }

    /** The most requests on a client's connection. Default 10,000. */
    public int maxRequestsPerConnection() {
        return values.maxRequestsPerConnection;
    }

    /** The most attempts of a request. Default 3. */
    public int maxAttempts() {
        return values.maxAttempts;
    }

    /** How much of a request body is kept in memory for another attempt, in bytes. Default 64 KiB. */
    public int replayBuffer() {
        return values.replayBuffer;
    }

    /** Whether CONNECT requests are forwarded and their tunnels allowed; else 405. Default false. */
    public boolean allowConnect() {
        return values.allowConnect;
    }

    /** The protocols that a client may upgrade to, in lower case. Default {@code websocket}; an {@code Upgrade} to another is not forwarded. */
    public List<String> upgrades() {
        return values.upgrades;
    }

    /** Whether a client that ends its side of the connection (FIN) still gets its answer; else it counts as gone. Default false. */
    public boolean halfClose() {
        return values.halfClose;
    }

    /** The proxies in front of this one, whose {@code Forwarded} and {@code X-Forwarded-*} are believed. Default none. */
    public TrustedProxies trustedProxies() {
        return values.trustedProxies;
    }

    /** Which fields tell the upstream about the client. Default {@link ForwardingFields#BOTH}. */
    public ForwardingFields forwardingFields() {
        return values.forwardingFields;
    }

    /** The name in {@code Via}; empty for no {@code Via}. Default {@code lawu}. */
    public String via() {
        return values.via;
    }

    /** The most blocking callbacks that run at the same time. Default 256. */
    public int blockingConcurrency() {
        return values.blockingConcurrency;
    }

    /** The most blocking callbacks that wait for their turn; else 503. Default 1,024. */
    public int blockingQueue() {
        return values.blockingQueue;
    }

    /** The most idle upstream connections that are kept, whatever the peers; each event loop keeps its even part, and closes those first that were idle longest. Default 4,096. */
    public int maxIdleUpstreamConnections() {
        return values.maxIdleUpstreamConnections;
    }

    /** How long a callback may hold an event loop before the watchdog names it. Default 200 ms. */
    public Duration watchdogThreshold() {
        return values.watchdogThreshold;
    }

    /** Changes options. Not thread-safe. */
    public static final class Builder {
        private int maxStartLine = 8 * 1024;
        private int maxHead = 32 * 1024;
        private int maxFields = 128;
        private int maxTrailers = 8 * 1024;
        private Duration headReadTimeout = Duration.ofSeconds(15);
        private Duration bodyIdleTimeout = Duration.ofSeconds(30);
        private Duration keepAliveTimeout = Duration.ofSeconds(60);
        private Duration writeStallTimeout = Duration.ofSeconds(30);
        private Duration callbackTimeout = Duration.ofSeconds(60);
        private int maxRequestsPerConnection = 10_000;
        private int maxAttempts = 3;
        private int replayBuffer = 64 * 1024;
        private boolean allowConnect;
        private List<String> upgrades = List.of("websocket");
        private boolean halfClose;
        private TrustedProxies trustedProxies = TrustedProxies.NONE;
        private ForwardingFields forwardingFields = ForwardingFields.BOTH;
        private String via = "lawu";
        private int blockingConcurrency = 256;
        private int blockingQueue = 1024;
        private int maxIdleUpstreamConnections = 4096;
        private Duration watchdogThreshold = Duration.ofMillis(200);

        private Builder() {}

        private Builder(Builder other) {
            maxStartLine = other.maxStartLine;
            maxHead = other.maxHead;
            maxFields = other.maxFields;
            maxTrailers = other.maxTrailers;
            headReadTimeout = other.headReadTimeout;
            bodyIdleTimeout = other.bodyIdleTimeout;
            keepAliveTimeout = other.keepAliveTimeout;
            writeStallTimeout = other.writeStallTimeout;
            callbackTimeout = other.callbackTimeout;
            maxRequestsPerConnection = other.maxRequestsPerConnection;
            maxAttempts = other.maxAttempts;
            replayBuffer = other.replayBuffer;
            allowConnect = other.allowConnect;
            upgrades = other.upgrades;
            halfClose = other.halfClose;
            trustedProxies = other.trustedProxies;
            forwardingFields = other.forwardingFields;
            via = other.via;
            blockingConcurrency = other.blockingConcurrency;
            blockingQueue = other.blockingQueue;
            maxIdleUpstreamConnections = other.maxIdleUpstreamConnections;
            watchdogThreshold = other.watchdogThreshold;
        }

        /** {@link ProxyOptions#maxStartLine()}: 64 B to 1 MiB. */
        public Builder maxStartLine(int value) {
            maxStartLine = range("maxStartLine", value, 64, 1 << 20);
            return this;
        }

        /** {@link ProxyOptions#maxHead()}: 256 B to 1 MiB. */
        public Builder maxHead(int value) {
            maxHead = range("maxHead", value, 256, 1 << 20);
            return this;
        }

        /** {@link ProxyOptions#maxFields()}: 1 to 10,000. */
        public Builder maxFields(int value) {
            maxFields = range("maxFields", value, 1, 10_000);
            return this;
        }

        /** {@link ProxyOptions#maxTrailers()}: 64 B to 1 MiB. */
        public Builder maxTrailers(int value) {
            maxTrailers = range("maxTrailers", value, 64, 1 << 20);
            return this;
        }

        /** {@link ProxyOptions#headReadTimeout()}: 1 ms to 24 h. */
        public Builder headReadTimeout(Duration value) {
            headReadTimeout = duration("headReadTimeout", value);
            return this;
        }

        /** {@link ProxyOptions#bodyIdleTimeout()}: 1 ms to 24 h. */
        public Builder bodyIdleTimeout(Duration value) {
            bodyIdleTimeout = duration("bodyIdleTimeout", value);
            return this;
        }

        /** {@link ProxyOptions#keepAliveTimeout()}: 1 ms to 24 h. */
        public Builder keepAliveTimeout(Duration value) {
            keepAliveTimeout = duration("keepAliveTimeout", value);
            return this;
        }

        /** {@link ProxyOptions#writeStallTimeout()}: 1 ms to 24 h. */
        public Builder writeStallTimeout(Duration value) {
            writeStallTimeout = duration("writeStallTimeout", value);
            return this;
        }

        /** {@link ProxyOptions#callbackTimeout()}: 1 ms to 24 h. */
        public Builder callbackTimeout(Duration value) {
            callbackTimeout = duration("callbackTimeout", value);
            return this;
        }

        /** {@link ProxyOptions#maxRequestsPerConnection()}: 1 to 2^31-1. */
        public Builder maxRequestsPerConnection(int value) {
            maxRequestsPerConnection = range("maxRequestsPerConnection", value, 1, Integer.MAX_VALUE);
            return this;
        }

        /** {@link ProxyOptions#maxAttempts()}: 1 to 100. */
        public Builder maxAttempts(int value) {
            maxAttempts = range("maxAttempts", value, 1, 100);
            return this;
        }

        /** {@link ProxyOptions#replayBuffer()}: 0 to 16 MiB. */
        public Builder replayBuffer(int value) {
            replayBuffer = range("replayBuffer", value, 0, 16 << 20);
            return this;
        }

        /** {@link ProxyOptions#allowConnect()}. */
        public Builder allowConnect(boolean value) {
            allowConnect = value;
            return this;
        }

        /** {@link ProxyOptions#upgrades()}; empty to forward none. {@code h2c} is never forwarded. */
        public Builder upgrades(List<String> value) {
            upgrades = List.copyOf(value);
            if (upgrades.contains("h2c")) {
                throw new IllegalArgumentException(
                        "upgrades: h2c (expected: protocols that can be tunnelled, RFC 9113 section 3.1)");
            }
            return this;
        }

        /** {@link ProxyOptions#halfClose()}. */
        public Builder halfClose(boolean value) {
            halfClose = value;
            return this;
        }

        /** {@link ProxyOptions#trustedProxies()}. */
        public Builder trustedProxies(TrustedProxies value) {
            trustedProxies = Objects.requireNonNull(value, "trustedProxies");
            return this;
        }

        /** {@link ProxyOptions#forwardingFields()}. */
        public Builder forwardingFields(ForwardingFields value) {
            forwardingFields = Objects.requireNonNull(value, "forwardingFields");
            return this;
        }

        /** {@link ProxyOptions#via()}: a token, or empty. */
        public Builder via(String value) {
            if (!value.isEmpty()) {
                dev.lawu.proxy.http.FieldSyntax.requireName(value);
            }
            via = value;
            return this;
        }

        /** {@link ProxyOptions#blockingConcurrency()}: 1 to 65,536. */
        public Builder blockingConcurrency(int value) {
            blockingConcurrency = range("blockingConcurrency", value, 1, 65_536);
            return this;
        }

        /** {@link ProxyOptions#blockingQueue()}: 0 to 1,048,576. */
        public Builder blockingQueue(int value) {
            blockingQueue = range("blockingQueue", value, 0, 1 << 20);
            return this;
        }

        /** {@link ProxyOptions#maxIdleUpstreamConnections()}: 0 to 1,048,576. */
        public Builder maxIdleUpstreamConnections(int value) {
            maxIdleUpstreamConnections = range("maxIdleUpstreamConnections", value, 0, 1 << 20);
            return this;
        }

        /** {@link ProxyOptions#watchdogThreshold()}: 1 ms to 24 h. */
        public Builder watchdogThreshold(Duration value) {
            watchdogThreshold = duration("watchdogThreshold", value);
            return this;
        }

        /** The options. */
        public ProxyOptions build() {
            return new ProxyOptions(this);
        }

        private static int range(String name, int value, int least, int most) {
            if (value < least || value > most) {
                throw new IllegalArgumentException(name + ": " + value + " (expected: " + least + ".." + most + ")");
            }
            return value;
        }

        private static Duration duration(String name, Duration value) {
            if (value.toMillis() < 1 || value.compareTo(Duration.ofHours(24)) > 0) {
                throw new IllegalArgumentException(name + ": " + value + " (expected: PT0.001S..PT24H)");
            }
            return value;
        }
    }
}
