package dev.lawu.proxy.upstream;

import java.net.InetAddress;
import java.time.Duration;
import java.util.List;

/** A {@link NameResolver}'s answer: at least one address, and how long that may be kept. Immutable and thread-safe. */
public final class ResolvedAddresses {
    private final List<InetAddress> addresses;
    private final Duration timeToLive;

    private ResolvedAddresses(List<InetAddress> addresses, Duration timeToLive) {
        this.addresses = addresses;
        this.timeToLive = timeToLive;
    }

    /** These addresses, in this order, which are not kept: the resolver is asked again each time. Throws {@link IllegalArgumentException} if there is none. */
    public static ResolvedAddresses of(InetAddress... addresses) {
        return of(List.of(addresses));
    }

    /** These addresses, in this order, which are not kept: the resolver is asked again each time. Throws {@link IllegalArgumentException} if there is none. */
    public static ResolvedAddresses of(List<InetAddress> addresses) {
        if (addresses.isEmpty()) {
            throw new IllegalArgumentException("addresses: none (expected: at least one)");
        }
        return new ResolvedAddresses(List.copyOf(addresses), Duration.ZERO);
    }

    /** A copy that may be kept for this time, within the bounds of {@link NameOptions}; zero: not at all. */
    public ResolvedAddresses withTimeToLive(Duration value) {
        if (value.isNegative()) {
            throw new IllegalArgumentException("timeToLive: " + value + " (expected: PT0S or more)");
        }
        return new ResolvedAddresses(addresses, value);
    }

    /** The addresses, in the order in which they should be tried. */
    public List<InetAddress> addresses() {
        return addresses;
    }

    /** How long they may be kept; zero: not at all. */
    public Duration timeToLive() {
        return timeToLive;
    }

    /** The addresses and the time to live. */
    @Override
    public String toString() {
        return addresses + " for " + timeToLive;
    }
}
