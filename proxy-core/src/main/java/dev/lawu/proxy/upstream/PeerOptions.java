package dev.lawu.proxy.upstream;

import java.time.Duration;
import java.util.Objects;

/**
 * How connections to a peer are made, used and kept. Immutable; {@link #DEFAULTS} has finite values for everything, and each {@code with} method returns a changed copy. Durations are 1 ms to 24 h.
 *
 * @param connectTimeout to establish a connection, name resolution included; default 5 s
 * @param responseHeadTimeout from the last byte of the request, or of its head while the body waits for a 100 (Continue), to the
 *     end of the response head; default 60 s
 * @param betweenBytesTimeout without a byte of the response body while the client could take more; default 60 s
 * @param writeStallTimeout without progress in writing the request; default 30 s
 * @param idleTimeout that an unused connection is kept in the pool; default 55 s
 * @param tunnelIdleTimeout without a byte in either direction after a protocol switch; default 10 min
 * @param maxIdlePerLoop idle connections to this peer that an event loop keeps; 0..65536, default 64; 0 turns reuse off. More
 *     than that, which a burst may leave, are kept for 1 to 2 s, for the next one
 * @param maxConnectionsPerLoop connections to this peer that an event loop has at a time, in use, idle or being made; further
 *     requests fail with OVERLOAD; 1..65536, default 1024
 */
public record PeerOptions(
        Duration connectTimeout,
        Duration responseHeadTimeout,
        Duration betweenBytesTimeout,
        Duration writeStallTimeout,
        Duration idleTimeout,
        Duration tunnelIdleTimeout,
        int maxIdlePerLoop,
        int maxConnectionsPerLoop) {
    private static final Duration LONGEST = Duration.ofHours(24);

    /** The defaults. */
    public static final PeerOptions DEFAULTS = new PeerOptions(
            Duration.ofSeconds(5),
            Duration.ofSeconds(60),
            Duration.ofSeconds(60),
            Duration.ofSeconds(30),
            Duration.ofSeconds(55),
            Duration.ofMinutes(10),
            64,
            1024);

    /** Checks the ranges and throws {@link IllegalArgumentException} with what was found and what was expected. */
    public PeerOptions {
        check("connectTimeout", connectTimeout);
        check("responseHeadTimeout", responseHeadTimeout);
        check("betweenBytesTimeout", betweenBytesTimeout);
        check("writeStallTimeout", writeStallTimeout);
        check("idleTimeout", idleTimeout);
        check("tunnelIdleTimeout", tunnelIdleTimeout);
        if (maxIdlePerLoop < 0 || maxIdlePerLoop > 65_536) {
            throw new IllegalArgumentException("maxIdlePerLoop: " + maxIdlePerLoop + " (expected: 0..65536)");
        }
        if (maxConnectionsPerLoop < 1 || maxConnectionsPerLoop > 65_536) {
            throw new IllegalArgumentException(
                    "maxConnectionsPerLoop: " + maxConnectionsPerLoop + " (expected: 1..65536)");
        }
    }

    private static void check(String name, Duration value) {
        Objects.requireNonNull(value, name);
        if (value.toMillis() < 1 || value.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: PT0.001S..PT24H)");
        }
    }

    /** A copy with this {@link #connectTimeout()}. */
    public PeerOptions withConnectTimeout(Duration value) {
        return new PeerOptions(
                value,
                responseHeadTimeout,
                betweenBytesTimeout,
                writeStallTimeout,
                idleTimeout,
                tunnelIdleTimeout,
                maxIdlePerLoop,
                maxConnectionsPerLoop);
    }

    /** A copy with this {@link #responseHeadTimeout()}. */
    public PeerOptions withResponseHeadTimeout(Duration value) {
        return new PeerOptions(
                connectTimeout,
                value,
                betweenBytesTimeout,
                writeStallTimeout,
                idleTimeout,
                tunnelIdleTimeout,
                maxIdlePerLoop,
                maxConnectionsPerLoop);
    }

    /** A copy with this {@link #betweenBytesTimeout()}. */
    public PeerOptions withBetweenBytesTimeout(Duration value) {
        return new PeerOptions(
                connectTimeout,
                responseHeadTimeout,
                value,
                writeStallTimeout,
                idleTimeout,
                tunnelIdleTimeout,
                maxIdlePerLoop,
                maxConnectionsPerLoop);
    }

    /** A copy with this {@link #writeStallTimeout()}. */
    public PeerOptions withWriteStallTimeout(Duration value) {
        return new PeerOptions(
                connectTimeout,
                responseHeadTimeout,
                betweenBytesTimeout,
                value,
                idleTimeout,
                tunnelIdleTimeout,
                maxIdlePerLoop,
                maxConnectionsPerLoop);
    }

    /** A copy with this {@link #idleTimeout()}. */
    public PeerOptions withIdleTimeout(Duration value) {
        return new PeerOptions(
                connectTimeout,
                responseHeadTimeout,
                betweenBytesTimeout,
                writeStallTimeout,
                value,
                tunnelIdleTimeout,
                maxIdlePerLoop,
                maxConnectionsPerLoop);
    }

    /** A copy with this {@link #tunnelIdleTimeout()}. */
    public PeerOptions withTunnelIdleTimeout(Duration value) {
        return new PeerOptions(
                connectTimeout,
                responseHeadTimeout,
                betweenBytesTimeout,
                writeStallTimeout,
                idleTimeout,
                value,
                maxIdlePerLoop,
                maxConnectionsPerLoop);
    }

    /** A copy with this {@link #maxIdlePerLoop()}. */
    public PeerOptions withMaxIdlePerLoop(int value) {
        return new PeerOptions(
                connectTimeout,
                responseHeadTimeout,
                betweenBytesTimeout,
                writeStallTimeout,
                idleTimeout,
                tunnelIdleTimeout,
                value,
                maxConnectionsPerLoop);
    }

    /** A copy with this {@link #maxConnectionsPerLoop()}. */
    public PeerOptions withMaxConnectionsPerLoop(int value) {
        return new PeerOptions(
                connectTimeout,
                responseHeadTimeout,
                betweenBytesTimeout,
                writeStallTimeout,
                idleTimeout,
                tunnelIdleTimeout,
                maxIdlePerLoop,
                value);
    }
}
