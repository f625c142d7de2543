package dev.lawu.proxy.upstream;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/**
 * How names are resolved, and how long answers are kept. Immutable and thread-safe.
 *
 * <p>Without a resolver of its own a server asks DNS: first the hosts file, which is read once, then the name servers, with the search domains, of {@code /etc/resolv.conf}. It asks for IPv4 and, where
 * this machine has IPv6, for IPv6 addresses; which come first is the JVM's choice ({@code java.net.preferIPv6Addresses}). An answer that is used within the last fifth of its time is refreshed in
 * the background.
 */
public final class NameOptions {
    private static final Duration DAY = Duration.ofHours(24);

    /** The defaults. */
    public static final NameOptions DEFAULTS = builder().build();

    private final List<InetSocketAddress> servers;
    private final Duration queryTimeout;
    private final Duration minTimeToLive;
    private final Duration maxTimeToLive;
    private final Duration negativeTimeToLive;
    private final Duration staleTimeToLive;
    private final int maxNames;

    private NameOptions(Builder from) {
        servers = from.servers;
        queryTimeout = from.queryTimeout;
        minTimeToLive = from.minTimeToLive;
        maxTimeToLive = from.maxTimeToLive;
        negativeTimeToLive = from.negativeTimeToLive;
        staleTimeToLive = from.staleTimeToLive;
        maxNames = from.maxNames;
    }

    /** Begins with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Begins with these options. */
    public Builder toBuilder() {
        Builder copy = new Builder();
        copy.servers = servers;
        copy.queryTimeout = queryTimeout;
        copy.minTimeToLive = minTimeToLive;
        copy.maxTimeToLive = maxTimeToLive;
        copy.negativeTimeToLive = negativeTimeToLive;
        copy.staleTimeToLive = staleTimeToLive;
        copy.maxNames = maxNames;
        return copy;
    }

    /** See {@link Builder#servers}. */
    public List<InetSocketAddress> servers() {
        return servers;
    }

    /** See {@link Builder#queryTimeout}. */
    public Duration queryTimeout() {
        return queryTimeout;
    }

    /** See {@link Builder#minTimeToLive}. */
    public Duration minTimeToLive() {
        return minTimeToLive;
    }

    /** See {@link Builder#maxTimeToLive}. */
    public Duration maxTimeToLive() {
        return maxTimeToLive;
    }

    /** See {@link Builder#negativeTimeToLive}. */
    public Duration negativeTimeToLive() {
        return negativeTimeToLive;
    }

    /** See {@link Builder#staleTimeToLive}. */
    public Duration staleTimeToLive() {
        return staleTimeToLive;
    }

    /** See {@link Builder#maxNames}. */
    public int maxNames() {
        return maxNames;
    }

    /** Makes options. Every method throws {@link IllegalArgumentException} if its value is out of range. */
    public static final class Builder {
        private List<InetSocketAddress> servers = List.of();
        private Duration queryTimeout = Duration.ofMillis(1500);
        private Duration minTimeToLive = Duration.ofSeconds(1);
        private Duration maxTimeToLive = Duration.ofMinutes(5);
        private Duration negativeTimeToLive = Duration.ofSeconds(5);
        private Duration staleTimeToLive = Duration.ofMinutes(5);
        private int maxNames = 4096;

        private Builder() {}

        /** The DNS servers to ask, in this order. Default: none, that is, those of the system. Means nothing beside a resolver of one's own. */
        public Builder servers(List<InetSocketAddress> value) {
            for (InetSocketAddress server : value) {
                if (server.isUnresolved() || server.getPort() == 0) {
                    throw new IllegalArgumentException(
                            "servers: " + server + " (expected: an address, not a name, and a port)");
                }
            }
            servers = List.copyOf(value);
            return this;
        }

        /** How long each DNS server's answer is waited for. All are asked twice before a lookup fails. 10 ms to 60 s, default 1.5 s. The peer's connect timeout holds as well. */
        public Builder queryTimeout(Duration value) {
            queryTimeout = within("queryTimeout", value, Duration.ofMillis(10), Duration.ofSeconds(60));
            return this;
        }

        /** The least that an answer with a time to live is kept, even if that is shorter. 1 ms to 24 h, default 1 s. */
        public Builder minTimeToLive(Duration value) {
            minTimeToLive = within("minTimeToLive", value, Duration.ofMillis(1), DAY);
            return this;
        }

        /** The most that an answer is kept, even if its time to live is longer. 1 ms to 24 h, default 5 min. */
        public Builder maxTimeToLive(Duration value) {
            maxTimeToLive = within("maxTimeToLive", value, Duration.ofMillis(1), DAY);
            return this;
        }

        /**
         * How long it is kept that DNS says that a name does not exist or has no address; that no server answered is kept for a second at most. 0 to 5 min, default 5 s. Failures of a resolver of one's
         * own are not kept.
         */
        public Builder negativeTimeToLive(Duration value) {
            negativeTimeToLive = within("negativeTimeToLive", value, Duration.ZERO, Duration.ofMinutes(5));
            return this;
        }

        /**
         * How much longer than its time to live the last good answer is used while no new one can be got (RFC 8767): after a second of waiting, or when the lookup has failed. 0 to 24 h, default 5 min; 0
         * turns it off. That a name does not exist any more is an answer, which counts at once.
         */
        public Builder staleTimeToLive(Duration value) {
            staleTimeToLive = within("staleTimeToLive", value, Duration.ZERO, DAY);
            return this;
        }

        /** How many names are kept; the one that was used longest ago goes first. 1 to 1,048,576, default 4,096. */
        public Builder maxNames(int value) {
            if (value < 1 || value > 1 << 20) {
                throw new IllegalArgumentException("maxNames: " + value + " (expected: 1..1048576)");
            }
            maxNames = value;
            return this;
        }

        private static Duration within(String name, Duration value, Duration least, Duration most) {
            Objects.requireNonNull(value, name);
            if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
                throw new IllegalArgumentException(name + ": " + value + " (expected: " + least + ".." + most + ")");
            }
            return value;
        }

        /** The options. Throws {@link IllegalArgumentException} if the least time to live is longer than the most. */
        public NameOptions build() {
            if (minTimeToLive.compareTo(maxTimeToLive) > 0) {
                throw new IllegalArgumentException("minTimeToLive: " + minTimeToLive
                        + " (expected: at most the maxTimeToLive of " + maxTimeToLive + ")");
            }
            return new NameOptions(this);
        }
    }
}
