package dev.lawu.proxy.upstream;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** When the system probes whether the other end of an idle TCP connection is still there. Immutable. */
public final class TcpKeepAlive {
    private static final Duration LONGEST = Duration.ofSeconds(32_767);
    private static final int MOST = 127;

    private final Duration idle;
    private final Duration interval;
    private final int count;

    private TcpKeepAlive(Duration idle, Duration interval, int count) {
        this.idle = idle;
        this.interval = interval;
        this.count = count;
    }

    /**
     * Probes.
     *
     * @param idle without traffic before the first probe; whole seconds, 1..32,767
     * @param interval between probes; whole seconds, 1..32,767
     * @param count unanswered probes after which the connection is dead; 1..127
     * @throws IllegalArgumentException if one is out of range
     */
    public static TcpKeepAlive of(Duration idle, Duration interval, int count) {
        check("idle", idle);
        check("interval", interval);
        if (count < 1 || count > MOST) {
            throw new IllegalArgumentException("count: " + count + " (expected: 1.." + MOST + ")");
        }
        return new TcpKeepAlive(idle, interval, count);
    }

    private static void check(String name, Duration value) {
        Objects.requireNonNull(value, name);
        if (value.isZero()
                || value.isNegative()
                || !value.equals(Duration.ofSeconds(value.toSeconds()))
                || value.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    name + ": " + value + " (expected: whole seconds, 1.." + LONGEST.toSeconds() + ")");
        }
    }

    /** Without traffic before the first probe. */
    public Duration idle() {
        return idle;
    }

    /** Between probes. */
    public Duration interval() {
        return interval;
    }

    /** Unanswered probes after which the connection is dead. */
    public int count() {
        return count;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TcpKeepAlive that
                && idle.equals(that.idle)
                && interval.equals(that.interval)
                && count == that.count;
    }

    @Override
    public int hashCode() {
        return Objects.hash(idle, interval, count);
    }

    @Override
    public String toString() {
        return "idle " + idle + ", interval " + interval + ", count " + count;
    }
}
