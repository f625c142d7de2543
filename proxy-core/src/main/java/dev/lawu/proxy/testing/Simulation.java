package dev.lawu.proxy.testing;

import dev.lawu.proxy.HttpFilter;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.Plugin;
import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.spi.RandomSource;
import dev.lawu.proxy.spi.TimeSource;
import dev.lawu.proxy.spi.Transport;
import dev.lawu.proxy.upstream.NameResolver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * A small world in one thread, for deterministic tests: clients, a proxy and origins on a network in memory, under a clock that moves only when the test says so.
 *
 * <pre>{@code
 * try (Simulation simulation = Simulation.create()) {
 *     SimulatedOrigin origin = simulation.listen("10.0.0.9", 9000)
 *             .answer(request -> SimulatedOrigin.response(200, "hello"));
 *     SimulatedProxy proxy = simulation.start(HttpProxy.of(new MyProxy(origin.address())));
 *     SimulatedConnection client = simulation.connect(proxy.address());
 *     client.send("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
 *     simulation.run();
 *     assertTrue(client.received().startsWith("HTTP/1.1 200"));
 * }
 * }</pre>
 *
 * <p><b>Steps.</b> Nothing happens by itself. {@link #run}, {@link #advance} and {@link #runUntil} do what the event loops, the network and the executor have to do, one step after the other. One step
 * is one task of a loop, one piece that arrives, one blocking callback. Where several are ready, a simulation that was {@linkplain #create created} takes turns; a {@linkplain #seeded seeded} one
 * chooses by its seed, and so explores one order of events, always the same for the same seed. {@link #explore} tries many.
 *
 * <p><b>Loops.</b> A loop's {@code inEventLoop()} is true only while it executes a task. So what is done outside of the loop where it belongs shows, though there is only one thread.
 *
 * <p><b>Time.</b> The clocks begin at a fixed moment (the wall clock at 2026-01-01T00:00:00Z). A timeout of an hour passes in no time.
 *
 * <p><b>Threads.</b> Everything belongs to the thread that runs the simulation; only tasks may come from others, which ends determinism. Blocking callbacks of a proxy run on {@link #executor},
 * in the same thread: they must not wait for what only a later step would bring.
 *
 * <p><b>Errors.</b> What a task of a loop or a test's callback throws comes out of the run methods. So does an {@link IllegalStateException} after a million steps without a pause, naming who is
 * still busy.
 */
public final class Simulation implements AutoCloseable {
    /** 2026-01-01T00:00:00Z. */
    private static final long EPOCH_MILLIS = 1_767_225_600_000L;

    private static final InetAddress PROXY_ADDRESS = SimulatedNetwork.address("10.0.0.1");
    private static final String CLIENT_ADDRESS = "10.0.0.2";
    private static final int FIRST_PORT = 8080;

    private final Scheduler scheduler;
    private final SimulatedNetwork network;
    private final SimulatedExecutor executor;
    private final SimulatedResolver resolver;
    private final SplittableRandom generators;
    private final List<SimulatedTransport> transports = new ArrayList<>();
    private final List<SimulatedProxy> proxies = new ArrayList<>();
    private final List<SimulatedOrigin> origins = new ArrayList<>();
    private final List<SimulatedConnection> clients = new ArrayList<>();
    private boolean closed;

    private Simulation(String name, long seed, boolean chooses) {
        SplittableRandom random = new SplittableRandom(seed);
        scheduler = new Scheduler(name, chooses ? random.split() : null);
        network = new SimulatedNetwork(scheduler, random.split());
        generators = random.split();
        executor = new SimulatedExecutor(scheduler);
        resolver = new SimulatedResolver(executor);
    }

    /** A simulation in which everybody who is ready takes turns. */
    public static Simulation create() {
        return new Simulation("simulation", 0, false);
    }

    /** A simulation in which the seed decides who is next, and everything else that is random: latencies, the sizes of pieces, faults, the proxy's own random numbers. */
    public static Simulation seeded(long seed) {
        return new Simulation("simulation with seed " + seed, seed, true);
    }

    /**
     * Runs a scenario once for each of the seeds 0 to {@code seeds - 1}, and closes each simulation after it.
     *
     * @throws AssertionError when one fails, with the seed, which {@link #seeded} replays, and the cause
     */
    public static void explore(int seeds, Scenario scenario) {
        for (long seed = 0; seed < seeds; seed++) {
            try (Simulation simulation = seeded(seed)) {
                scenario.run(simulation);
            } catch (Throwable t) {
                throw new AssertionError(
                        "failed with seed " + seed + " (replay it with Simulation.seeded(" + seed + ")): " + t, t);
            }
        }
    }

    /** What {@link #explore} tries. */
    @FunctionalInterface
    public interface Scenario {
        /** Runs it; what it throws fails it. */
        void run(Simulation simulation) throws Exception;
    }

    // ---- running

    /**
     * Does all steps that can be done without time passing.
     *
     * @throws IllegalStateException if that does not end within the {@linkplain #maxSteps limit of steps}; if called by a step
     */
    public void run() {
        scheduler.run();
    }

    /** Moves the clocks, from one moment at which something is due to the next, and does all steps at each of them, the first and the last included. */
    public void advance(Duration duration) {
        if (duration.isNegative()) {
            throw new IllegalArgumentException("duration: " + duration + " (expected: not negative)");
        }
        scheduler.advance(duration);
    }

    /**
     * Runs, and moves the clocks whenever nothing else is left to do, until the condition is true. It is looked at before each step.
     *
     * @throws AssertionError if it is not true within the limit of virtual time
     */
    public void runUntil(BooleanSupplier condition, Duration limit) {
        if (!scheduler.runUntil(condition, limit)) {
            throw new AssertionError(
                    "the condition is not true after " + limit + ", " + scheduler + ". Busy: " + scheduler.busy());
        }
    }

    /** How many steps may be done without a pause, at least 1. Default 1,000,000. */
    public Simulation maxSteps(long steps) {
        if (steps < 1) {
            throw new IllegalArgumentException("maxSteps: " + steps + " (expected: at least 1)");
        }
        scheduler.maxSteps(steps);
        return this;
    }

    /** The virtual time that has passed. */
    public Duration elapsed() {
        return Duration.ofNanos(scheduler.nanoTime() - Scheduler.ORIGIN);
    }

    /** What happened on the network, the last 10,000 lines. Equal for equal seeds and scenarios. */
    public List<String> trace() {
        return scheduler.trace();
    }

    // ---- the world

    /** What lies between the ends of connections: windows, latency, faults. */
    public SimulatedNetwork network() {
        return network;
    }

    /** Connects a client from 10.0.0.2. What it sends waits until it is connected, as the simulation runs. */
    public SimulatedConnection connect(SocketAddress remote) {
        return connect(CLIENT_ADDRESS, remote);
    }

    /**
     * Connects a client.
     *
     * @param from the client's IPv4 or IPv6 address
     * @param remote an internet address that is not a name
     */
    public SimulatedConnection connect(String from, SocketAddress remote) {
        if (!(remote instanceof InetSocketAddress inet) || inet.isUnresolved()) {
            throw new IllegalArgumentException("remote: " + remote + " (expected: a resolved internet address)");
        }
        SimulatedConnection client =
                SimulatedConnection.connecting(network, network.ephemeral(SimulatedNetwork.address(from)), inet);
        clients.add(client);
        return client;
    }

    /**
     * Listens as an origin.
     *
     * @param address an IPv4 or IPv6 address
     * @param port 0 takes a free one
     * @throws IllegalArgumentException if somebody listens there
     */
    public SimulatedOrigin listen(String address, int port) {
        SimulatedOrigin origin =
                new SimulatedOrigin(scheduler, network, new InetSocketAddress(SimulatedNetwork.address(address), port));
        origins.add(origin);
        return origin;
    }

    /** Makes the {@link #resolver} know a name. More calls add more addresses, in order. */
    public Simulation name(String name, String address) {
        resolver.add(name, SimulatedNetwork.address(address));
        return this;
    }

    // ---- the proxy

    /** Starts a proxy on 10.0.0.1:8080, the second on port 8081, with one event loop. */
    public SimulatedProxy start(HttpProxy proxy) {
        return start(proxy, settings -> {});
    }

    /**
     * Starts a proxy. The transport, the clocks, randomness and the resolver are this simulation's; blocking callbacks run on its {@link #executor} unless the proxy brings its own.
     *
     * @param settings changes the server's other settings, such as {@code eventLoops}, which is 1 otherwise; without a {@code listen}, the proxy listens as {@link #start(HttpProxy)} says
     */
    public SimulatedProxy start(HttpProxy proxy, Consumer<ProxyServer.Builder> settings) {
        SimulatedTransport transport = addTransport();
        ProxyServer.Builder builder = ProxyServer.builder(inThisThread(proxy))
                .eventLoops(1)
                .plugIn(transport)
                .plugIn(timeSource())
                .plugIn(randomSource())
                .resolver(resolver);
        settings.accept(builder);
        if (builder.listensNowhere()) {
            builder.listen(new InetSocketAddress(PROXY_ADDRESS, FIRST_PORT + proxies.size()));
        }
        SimulatedProxy started = new SimulatedProxy(scheduler, builder.start(), transport);
        proxies.add(started);
        return started;
    }

    private HttpProxy inThisThread(HttpProxy proxy) {
        if (proxy.blockingExecutor() != null) {
            return proxy;
        }
        HttpProxy.Builder copy =
                HttpProxy.builder(proxy.proxyHttp()).options(proxy.options()).blockingExecutor(executor);
        for (HttpFilter<?> filter : proxy.filters()) {
            copy.filter(filter);
        }
        for (Plugin plugin : proxy.plugins()) {
            copy.plugIn(plugin);
        }
        return copy.build();
    }

    /** A transport on this simulation's network, for a server that is not started by {@link #start}, which makes its own. Whoever makes event loops with it shuts them down. */
    public Transport newTransport() {
        return addTransport();
    }

    private SimulatedTransport addTransport() {
        SimulatedTransport transport = new SimulatedTransport(scheduler, network, PROXY_ADDRESS, transports.size());
        transports.add(transport);
        return transport;
    }

    /** The virtual clocks. */
    public TimeSource timeSource() {
        return new TimeSource() {
            @Override
            public long nanoTime() {
                return scheduler.nanoTime();
            }

            @Override
            public long currentTimeMillis() {
                return EPOCH_MILLIS + (scheduler.nanoTime() - Scheduler.ORIGIN) / 1_000_000;
            }
        };
    }

    /** Generators that follow from the seed and from the order in which they are made. */
    public RandomSource randomSource() {
        return () -> {
            synchronized (generators) {
                return generators.split();
            }
        };
    }

    /** Resolves addresses to themselves at once, names that {@link #name} made known in a later step, and fails for others with {@link java.net.UnknownHostException}. */
    public NameResolver resolver() {
        return resolver;
    }

    /** Executes tasks as steps of this simulation, outside of every event loop. */
    public Executor executor() {
        return executor;
    }

    // ---- the end

    /**
     * Runs, then checks that every proxy is quiet: no exchange, no upstream connection in use, no blocking callback; and that it counts exactly those connections, of clients and idle ones to
     * upstreams, that are open.
     *
     * @throws AssertionError with what is not
     */
    public void assertQuiet() {
        run();
        List<String> found = new ArrayList<>();
        for (SimulatedProxy proxy : proxies) {
            found.addAll(proxy.unrest());
        }
        fail("not quiet", found);
    }

    /**
     * Shuts every proxy down, closes clients and origins, runs until all is done, and checks that nothing remains: no connection of a proxy, no gauge above zero, no event loop that was not shut
     * down.
     *
     * @throws AssertionError with what remains
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        proxies.forEach(SimulatedProxy::close);
        clients.forEach(SimulatedConnection::close);
        origins.forEach(SimulatedOrigin::close);
        run();
        List<String> found = new ArrayList<>();
        for (SimulatedProxy proxy : proxies) {
            found.addAll(proxy.unrest());
        }
        for (SimulatedTransport transport : transports) {
            transport.accepted().forEach(channel -> found.add("open: " + channel));
            transport.made().forEach(channel -> found.add("open: " + channel));
            transport.loops().stream()
                    .filter(loop -> !loop.isTerminated())
                    .forEach(loop -> found.add("not shut down: " + loop));
        }
        fail("left after the end", found);
    }

    private void fail(String what, List<String> found) {
        if (!found.isEmpty()) {
            throw new AssertionError(what + ", " + scheduler + ":\n" + String.join("\n", found));
        }
    }

    /** The seed, if there is one, and the time. */
    @Override
    public String toString() {
        return scheduler.toString();
    }
}
