package dev.lawu.proxy.testkit;

import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.Listener;
import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.ServerStats;
import dev.lawu.proxy.upstream.HttpPeer;
import io.netty.buffer.PoolArenaMetric;
import io.netty.buffer.PooledByteBufAllocator;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A proxy with raw clients and a raw origin around it, in memory under a virtual clock or on real sockets: the same test runs in each.
 *
 * <p>{@link #close()} checks what must hold after every test: no exchange, connection or blocking task is left, and every pooled buffer was given back.
 */
public abstract class World implements AutoCloseable {
    /** The worlds that a behaviour test runs in. */
    public enum Kind {
        /** In memory; every write arrives as it was sent. */
        SIMULATED,
        /** In memory; writes arrive in random pieces, by a seed. */
        SPLIT,
        /** Loopback sockets, on the best transport that the machine has. */
        SOCKETS;

        /** Makes the world. */
        public World create() {
            return switch (this) {
                case SIMULATED -> new SimulatedWorld(0, false);
                case SPLIT -> new SimulatedWorld(42, true);
                case SOCKETS -> new SocketWorld();
            };
        }
    }

    private final long buffersBefore = activeBuffers();

    /** Starts the proxy; once for a world. */
    public final void start(HttpProxy proxy) {
        start(proxy, settings -> {});
    }

    /** Starts the proxy on a server with these settings, on an address of the world's if they name none. */
    public abstract void start(HttpProxy proxy, Consumer<ProxyServer.Builder> settings);

    /** Makes a listener at a free address of this world. */
    public abstract Listener listener();

    /** The proxy. */
    public abstract ProxyServer server();

    /** Where the origin listens, which it does from the start. */
    public abstract HttpPeer peer();

    /** Connects a client to the proxy. */
    public abstract Wire connect();

    /** Waits for the origin's next connection. */
    public abstract Wire accept();

    /** How many connections the origin has got. */
    public abstract int accepted();

    /** Stops the origin's listening: new connections are refused. */
    public abstract void refuse();

    /** Waits for a condition; fails after some seconds (virtual or real) with what was expected. */
    public abstract void await(BooleanSupplier condition, Supplier<String> what);

    /** Lets this time pass. In the world of sockets it really passes: keep it short. */
    public abstract void elapse(Duration duration);

    /** True if time is virtual, so that long times may pass. */
    public abstract boolean isSimulated();

    /** Closes the wires and the proxy. */
    protected abstract void closeAll();

    /** Waits until nothing is going on. */
    public final void awaitQuiet() {
        await(
                () -> {
                    ServerStats stats = server().stats();
                    return stats.exchanges() == 0 && stats.upstreamActive() == 0 && stats.blockingRunning() == 0;
                },
                () -> "nothing going on; found " + server().stats());
    }

    protected abstract void closeWires();

    protected abstract boolean isStarted();

    @Override
    public final void close() {
        if (isStarted()) {
            closeWires();
            awaitQuiet();
            await(() -> server().stats().connections() == 0, () -> "no connection left; found " + server().stats());
        }
        closeAll();
        await(
                () -> activeBuffers() <= buffersBefore,
                () -> "every buffer given back; found " + activeBuffers() + ", expected " + buffersBefore);
    }

    private static long activeBuffers() {
        PooledByteBufAllocator.DEFAULT.trimCurrentThreadCache();
        long active = 0;
        for (PoolArenaMetric arena : PooledByteBufAllocator.DEFAULT.metric().directArenas()) {
            active += arena.numActiveAllocations();
        }
        for (PoolArenaMetric arena : PooledByteBufAllocator.DEFAULT.metric().heapArenas()) {
            active += arena.numActiveAllocations();
        }
        return active;
    }
}
