package dev.lawu.proxy.testing;

import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.ServerStats;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A proxy that runs in a simulation. Made by {@link Simulation#start}. */
public final class SimulatedProxy implements AutoCloseable {
    /** Longer than any drain time. */
    private static final Duration CLOSE_LIMIT = Duration.ofHours(25);

    private final Scheduler scheduler;
    private final ProxyServer server;
    private final SimulatedTransport transport;
    private boolean closed;

    SimulatedProxy(Scheduler scheduler, ProxyServer server, SimulatedTransport transport) {
        this.scheduler = scheduler;
        this.server = server;
        this.transport = transport;
    }

    /** The server. Its {@code close()} would wait forever in the thread that has to run it: close this instead. */
    public ProxyServer server() {
        return server;
    }

    /** The first address that it listens on. */
    public InetSocketAddress address() {
        return server.address();
    }

    /** What the server is doing. */
    public ServerStats stats() {
        return server.stats();
    }

    /**
     * Shuts the server down and runs the simulation until that is done: requests that are running may take the server's drain time, of virtual time.
     *
     * @throws AssertionError if it does not end
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        CompletableFuture<Void> done = server.shutdown().toCompletableFuture();
        if (!scheduler.runUntil(done::isDone, CLOSE_LIMIT)) {
            throw new AssertionError("the server is not shut down after " + CLOSE_LIMIT + ", " + scheduler + ". "
                    + server.stats() + ". Busy: " + scheduler.busy());
        }
        server.close();
        scheduler.run();
    }

    /** What is going on although nothing should be. */
    List<String> unrest() {
        ServerStats stats = server.stats();
        List<String> found = new ArrayList<>();
        check(found, "exchanges", stats.exchanges(), 0);
        check(found, "upstreamActive", stats.upstreamActive(), 0);
        check(found, "upstreamWaiting", stats.upstreamWaiting(), 0);
        check(found, "blockingRunning", stats.blockingRunning(), 0);
        check(found, "connections", stats.connections(), transport.accepted().size());
        check(found, "upstreamIdle", stats.upstreamIdle(), transport.made().size());
        return found;
    }

    private static void check(List<String> found, String gauge, int value, int expected) {
        if (value != expected) {
            found.add(gauge + ": " + value + " (expected: " + expected + ")");
        }
    }
}
