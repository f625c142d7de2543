package dev.lawu.proxy.testkit;

import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.Listener;
import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.testing.SimulatedConnection;
import dev.lawu.proxy.testing.SimulatedOrigin;
import dev.lawu.proxy.testing.SimulatedProxy;
import dev.lawu.proxy.testing.Simulation;
import dev.lawu.proxy.upstream.HttpPeer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The world in memory: the test's own thread runs everything, as far as the test waits for it. */
final class SimulatedWorld extends World {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Simulation simulation;
    private final SimulatedOrigin origin;
    private final List<SimulatedConnection> clients = new ArrayList<>();
    private @Nullable SimulatedProxy proxy;
    private int accepted;

    SimulatedWorld(long seed, boolean split) {
        simulation = split ? Simulation.seeded(seed) : Simulation.create();
        if (split) {
            simulation.network().splitWrites(7);
        }
        origin = simulation.listen("10.0.0.9", 9000);
    }

    @Override
    public void start(HttpProxy described, Consumer<ProxyServer.Builder> settings) {
        proxy = simulation.start(described, settings);
    }

    @Override
    public Listener listener() {
        return Listener.tcp("10.0.0.1", 0);
    }

    @Override
    public ProxyServer server() {
        return Objects.requireNonNull(proxy, "start() first").server();
    }

    @Override
    protected boolean isStarted() {
        return proxy != null;
    }

    @Override
    public HttpPeer peer() {
        return HttpPeer.of("10.0.0.9", 9000);
    }

    @Override
    public Wire connect() {
        SimulatedConnection connection = simulation.connect(
                Objects.requireNonNull(proxy, "start() first").address());
        clients.add(connection);
        return new SimulatedWire(this, connection);
    }

    @Override
    public Wire accept() {
        await(() -> origin.connections().size() > accepted, () -> "a connection at the origin");
        return new SimulatedWire(this, origin.connections().get(accepted++));
    }

    @Override
    public int accepted() {
        return origin.connections().size();
    }

    @Override
    public void refuse() {
        origin.refuse();
    }

    @Override
    public void await(BooleanSupplier condition, Supplier<String> what) {
        simulation.run();
        if (condition.getAsBoolean()) {
            return;
        }
        try {
            simulation.runUntil(condition, PATIENCE);
        } catch (IllegalStateException | AssertionError e) {
            throw new AssertionError("expected within " + PATIENCE + " (virtual): " + what.get(), e);
        }
        if (!condition.getAsBoolean()) {
            throw new AssertionError("expected within " + PATIENCE + " (virtual): " + what.get());
        }
    }

    @Override
    public void elapse(Duration duration) {
        simulation.advance(duration);
    }

    @Override
    public boolean isSimulated() {
        return true;
    }

    @Override
    protected void closeWires() {
        clients.forEach(SimulatedConnection::close);
        origin.connections().forEach(SimulatedConnection::close);
        simulation.run();
    }

    @Override
    protected void closeAll() {
        simulation.close();
    }

    private static final class SimulatedWire extends Wire {
        private final SimulatedConnection connection;

        SimulatedWire(World world, SimulatedConnection connection) {
            super(world);
            this.connection = connection;
        }

        @Override
        public void send(byte[] bytes) {
            connection.send(bytes);
        }

        @Override
        public byte[] bytes() {
            return connection.receivedBytes();
        }

        @Override
        public long count() {
            return connection.receivedCount();
        }

        @Override
        public void finish() {
            connection.halfClose();
        }

        @Override
        public void reset() {
            connection.reset();
        }

        @Override
        public void close() {
            connection.close();
        }

        @Override
        public boolean isEnded() {
            return connection.isClosedByPeer() || connection.isReset();
        }

        @Override
        public boolean isReset() {
            return connection.isReset();
        }

        @Override
        public void stopReading() {
            connection.stopReading();
        }

        @Override
        public void startReading() {
            connection.startReading();
        }
    }
}
