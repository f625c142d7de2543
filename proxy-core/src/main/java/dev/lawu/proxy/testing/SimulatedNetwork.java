package dev.lawu.proxy.testing;

import dev.lawu.proxy.testing.ConnectAttempt.Caller;
import dev.lawu.proxy.testing.ConnectAttempt.Listener;
import io.netty.util.NetUtil;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What lies between the ends of a simulation's connections, and what it does to them. By default it is perfect: no latency, no faults, a window of 256 KiB.
 *
 * <p>A stream's bytes always arrive in order, and what one call or one flush sends arrives apart from what the next one sends. What is random comes from the simulation's seed. Settings apply to
 * what is sent, and {@link #window}, {@link #resets} and {@link #halfCloses} to connections that are made, after the call. Faults of one connection, at a certain byte, are set on
 * {@link SimulatedConnection}.
 *
 * <p>Like everything in a simulation, it is used in the thread that runs it.
 */
public final class SimulatedNetwork {
    private static final int FIRST_EPHEMERAL_PORT = 40_000;

    private final Scheduler scheduler;
    private final RandomGenerator random;
    private final Map<InetSocketAddress, Listener> listeners = new LinkedHashMap<>();
    private final Map<InetAddress, Integer> ports = new HashMap<>();
    private final Set<InetAddress> blackholes = new HashSet<>();
    private int window = 256 * 1024;
    private int largestPiece = Integer.MAX_VALUE;
    private long leastLatency;
    private long mostLatency;
    private double resetProbability;
    private int resetWithin = 1;
    private double finProbability;
    private int finWithin = 1;

    SimulatedNetwork(Scheduler scheduler, RandomGenerator random) {
        this.scheduler = scheduler;
        this.random = random;
    }

    /**
     * Delivers everything that is sent in pieces of a random size.
     *
     * @param mostBytes the largest piece, at least 1; 1 delivers each byte alone
     */
    public SimulatedNetwork splitWrites(int mostBytes) {
        largestPiece = atLeast("mostBytes", mostBytes, 1);
        return this;
    }

    /** Delays each connect and each piece by a random time between these, to the nanosecond. Pieces of one stream stay in order. */
    public SimulatedNetwork latency(Duration least, Duration most) {
        if (least.isNegative() || most.compareTo(least) < 0) {
            throw new IllegalArgumentException("latency: " + least + ".." + most + " (expected: 0 <= least <= most)");
        }
        leastLatency = least.toNanos();
        mostLatency = most.toNanos();
        return this;
    }

    /**
     * How many bytes of one stream may be on the way or received and not read, at least 1. Default 262,144. A sender that has filled the window waits until the receiver reads: this is what makes
     * backpressure real.
     */
    public SimulatedNetwork window(int bytes) {
        window = atLeast("window", bytes, 1);
        return this;
    }

    /**
     * Resets connections at random: each direction of each new connection with this probability, after a random number of its bytes.
     *
     * @param probability 0 to 1
     * @param withinBytes the reset comes before this byte of the stream, at least 1
     */
    public SimulatedNetwork resets(double probability, int withinBytes) {
        resetProbability = probability(probability);
        resetWithin = atLeast("withinBytes", withinBytes, 1);
        return this;
    }

    /**
     * Ends streams at random: each direction of each new connection with this probability, after a random number of its bytes. The receiver sees a FIN; what is sent after it vanishes.
     *
     * @param probability 0 to 1
     * @param withinBytes the end comes before this byte of the stream, at least 1
     */
    public SimulatedNetwork halfCloses(double probability, int withinBytes) {
        finProbability = probability(probability);
        finWithin = atLeast("withinBytes", withinBytes, 1);
        return this;
    }

    /** Never answers connects to this address, whoever listens there. */
    public SimulatedNetwork blackhole(String address) {
        blackholes.add(address(address));
        return this;
    }

    int window() {
        return window;
    }

    int pieceOf(int length) {
        return length <= 1 || largestPiece == Integer.MAX_VALUE
                ? length
                : random.nextInt(1, Math.min(length, largestPiece) + 1);
    }

    long nextLatency() {
        return leastLatency == mostLatency ? leastLatency : random.nextLong(leastLatency, mostLatency + 1);
    }

    /** Draws the random faults of a new connection. */
    void prepare(Endpoint client) {
        drawFaults(client.out());
        drawFaults(client.in());
    }

    private void drawFaults(Wire wire) {
        if (finProbability > 0 && random.nextDouble() < finProbability) {
            wire.cutAfter(random.nextInt(finWithin), Wire.Cut.FIN);
        }
        if (resetProbability > 0 && random.nextDouble() < resetProbability) {
            wire.cutAfter(random.nextInt(resetWithin), Wire.Cut.RESET);
        }
    }

    /** Reserves an address; port 0 becomes a free one. */
    InetSocketAddress bind(InetSocketAddress address, Listener listener) throws BindException {
        InetSocketAddress bound = address;
        while (bound.getPort() == 0 || (address.getPort() == 0 && listeners.containsKey(bound))) {
            bound = ephemeral(address.getAddress());
        }
        if (listeners.containsKey(bound)) {
            throw new BindException("Address already in use: " + Endpoint.text(bound));
        }
        listeners.put(bound, listener);
        return bound;
    }

    void unbind(InetSocketAddress address) {
        listeners.remove(address);
    }

    /** The next port of this address. */
    InetSocketAddress ephemeral(InetAddress address) {
        int port = ports.merge(address, FIRST_EPHEMERAL_PORT, (last, first) -> last == 65_535 ? first : last + 1);
        return new InetSocketAddress(address, port);
    }

    /** Begins to connect; the caller is told in a later step. */
    ConnectAttempt connect(InetSocketAddress local, InetSocketAddress remote, Caller caller) {
        ConnectAttempt attempt = new ConnectAttempt(scheduler, this, local, remote, caller);
        new TimedQueue(scheduler, "connect " + attempt).add(nextLatency(), () -> arrive(attempt, remote));
        return attempt;
    }

    private void arrive(ConnectAttempt attempt, InetSocketAddress remote) {
        Listener listener = listener(remote);
        if (blackholes.contains(remote.getAddress())) {
            scheduler.trace(attempt, "lost");
        } else if (listener == null) {
            attempt.refuse();
        } else {
            listener.connecting(attempt);
        }
    }

    /** Who listens at this address, or at every address with its port. */
    private @Nullable Listener listener(InetSocketAddress address) {
        Listener listener = listeners.get(address);
        if (listener != null) {
            return listener;
        }
        for (Map.Entry<InetSocketAddress, Listener> entry : listeners.entrySet()) {
            InetSocketAddress bound = entry.getKey();
            if (bound.getPort() == address.getPort() && bound.getAddress().isAnyLocalAddress()) {
                return entry.getValue();
            }
        }
        return null;
    }

    /** An address from its literal form. */
    static InetAddress address(String literal) {
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(literal);
        if (bytes == null) {
            throw new IllegalArgumentException("address: " + literal + " (expected: an IPv4 or IPv6 address)");
        }
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("address: " + literal, e);
        }
    }

    private static int atLeast(String name, int value, int least) {
        if (value < least) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: at least " + least + ")");
        }
        return value;
    }

    private static double probability(double value) {
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException("probability: " + value + " (expected: 0..1)");
        }
        return value;
    }
}
