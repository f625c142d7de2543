package dev.lawu.proxy.internal.server;

import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.Plugin;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.ServerOptions;
import dev.lawu.proxy.ServerStats;
import dev.lawu.proxy.internal.exchange.ProxyEngine;
import dev.lawu.proxy.internal.loop.LoopContext;
import dev.lawu.proxy.internal.transport.DnsNames;
import dev.lawu.proxy.internal.transport.SocketTransport;
import dev.lawu.proxy.spi.RandomSource;
import dev.lawu.proxy.spi.TimeSource;
import dev.lawu.proxy.spi.Transport;
import dev.lawu.proxy.upstream.NameResolver;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A running server: puts the parts together, and answers for them. {@link Listeners} accepts, {@link ServerLoop} serves, {@link Drain} ends it. */
final class EngineServer implements ProxyServer, Drain.Target {
    private final ServerOptions description;
    private final ProxyOptions options;
    private final ProxyEngine engine;
    private final Transport transport;
    private final EventLoopGroup group;
    private final IdentityHashMap<EventExecutor, ServerLoop> byLoop;
    private final List<ServerLoop> loops;
    private final @Nullable Watchdog watchdog;
    private final @Nullable DnsNames ownNames;
    private final ConnectionLimits limits;
    private final Listeners listeners;
    private final Services services;
    private final Drain drain;
    private volatile boolean started;

    static ProxyServer start(ServerOptions description) {
        EngineServer server = new EngineServer(description);
        server.start();
        return server;
    }

    private EngineServer(ServerOptions description) {
        this.description = description;
        this.options = description.proxy().options();
        refuseUnknown(description);
        this.engine = new ProxyEngine(description.proxy());
        TimeSource time = plugin(description, TimeSource.class);
        RandomSource random = plugin(description, RandomSource.class);
        Transport plugged = plugin(description, Transport.class);
        this.transport = plugged == null ? new SocketTransport() : plugged;
        this.group = transport.eventLoops(description.eventLoops());
        this.limits = new ConnectionLimits(description.maxConnections(), description.maxConnectionsPerClient());
        DnsNames dns = null;
        List<ServerLoop> all = new ArrayList<>();
        IdentityHashMap<EventExecutor, ServerLoop> index = new IdentityHashMap<>();
        try {
            dns = makeLoops(time, random, all, index);
        } catch (Throwable e) {
            engine.blocking().close();
            group.shutdownGracefully(0, 5, TimeUnit.SECONDS);
            throw e;
        }
        this.ownNames = dns;
        this.loops = Collections.unmodifiableList(all);
        this.byLoop = index;
        this.listeners =
                new Listeners(description, transport, group, time == null ? TimeSource.SYSTEM : time, this::accepted);
        this.services = new Services(description.services(), engine.blocking());
        this.drain = new Drain(this, description, loops, services);
        // Under a virtual clock nothing holds a loop for long, and a thread would make runs differ.
        this.watchdog =
                time == null ? new Watchdog(loops, options.watchdogThreshold().toMillis()) : null;
    }

    private @Nullable DnsNames makeLoops(
            @Nullable TimeSource time,
            @Nullable RandomSource random,
            List<ServerLoop> all,
            Map<EventExecutor, ServerLoop> index) {
        NameResolver resolver = description.resolver();
        DnsNames dns = null;
        if (resolver == null && transport instanceof SocketTransport sockets) {
            dns = new DnsNames(sockets, (EventLoop) group.iterator().next());
            resolver = dns;
        } else if (resolver == null) {
            resolver = host -> CompletableFuture.failedFuture(ProxyException.upstream(
                    ErrorType.RESOLVE,
                    host + ": no resolver (expected: resolver(...) beside a transport of your own)",
                    null));
        }
        for (EventExecutor executor : group) {
            LoopContext context = new LoopContext(
                    (EventLoop) executor,
                    time == null ? TimeSource.SYSTEM : time,
                    random == null ? new SplittableRandom() : random.create());
            ServerLoop loop = new ServerLoop(this, engine, context, transport, resolver);
            executor.execute(() -> loop.watch.runsOn(Thread.currentThread()));
            all.add(loop);
            index.put(executor, loop);
        }
        return dns;
    }

    private static void refuseUnknown(ServerOptions description) {
        for (Plugin plugin : description.plugins()) {
            if (!(plugin instanceof Transport || plugin instanceof TimeSource || plugin instanceof RandomSource)) {
                throw new IllegalArgumentException(
                        "plugins: " + plugin.getClass().getName()
                                + " (expected: a Transport, a TimeSource or a RandomSource; what belongs to a proxy goes to HttpProxy.Builder)");
            }
        }
    }

    private static <T extends Plugin> @Nullable T plugin(ServerOptions description, Class<T> type) {
        T found = null;
        for (Plugin plugin : description.plugins()) {
            if (type.isInstance(plugin)) {
                if (found != null) {
                    throw new IllegalArgumentException(
                            "plugins: two of " + type.getSimpleName() + " (expected: at most one)");
                }
                found = type.cast(plugin);
            }
        }
        return found;
    }

    private void start() {
        try {
            listeners.bind();
            services.start(this);
            if (drain.isDraining()) {
                throw new IllegalStateException("the server was shut down while it was being started");
            }
        } catch (Throwable e) {
            services.stopNow(description.serviceStopTimeout());
            drain.close();
            group.terminationFuture().awaitUninterruptibly(); // until every channel is closed
            throw e;
        }
        if (watchdog != null) {
            watchdog.start();
        }
        started = true;
        listeners.open();
    }

    private void accepted(Channel channel, ActiveListener listener) {
        ServerLoop loop = byLoop.get(channel.eventLoop());
        if (loop == null) {
            channel.close(); // a transport that has loops of its own for connections
            return;
        }
        loop.accepted(channel, listener);
    }

    ProxyOptions options() {
        return options;
    }

    ConnectionLimits limits() {
        return limits;
    }

    void somethingEnded() {
        drain.somethingEnded();
    }

    // ---- what the drain does

    @Override
    public void stopAccepting() {
        listeners.close();
    }

    @Override
    public long connections() {
        return limits.count();
    }

    @Override
    public long exchanges() {
        long sum = 0;
        for (ServerLoop loop : loops) {
            sum += loop.counters.exchanges();
        }
        return sum;
    }

    @Override
    public CompletionStage<Void> endLoops() {
        if (watchdog != null) {
            watchdog.stop();
        }
        if (ownNames != null) {
            ownNames.close();
        }
        engine.blocking().close();
        CompletableFuture<Void> ended = new CompletableFuture<>();
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).addListener(done -> {
            for (ServerLoop loop : loops) {
                loop.loop.buffers().clear(); // nobody is there any more who could use them
            }
            ended.complete(null);
        });
        return ended;
    }

    // ---- what users ask

    @Override
    public List<SocketAddress> addresses() {
        return listeners.addresses();
    }

    @Override
    public SocketAddress address(String listener) {
        return listeners.address(listener);
    }

    @Override
    public boolean isReady() {
        return started && !drain.isDraining() && listeners.areAccepting();
    }

    @Override
    public CompletionStage<Void> shutdown() {
        drain.begin();
        return drain.closed();
    }

    @Override
    public void close() {
        for (ServerLoop loop : loops) {
            if (loop.loop.loop().inEventLoop()) {
                throw new IllegalStateException("close() on an event loop (expected: another thread, or shutdown())");
            }
        }
        drain.begin();
        drain.closed().join();
    }

    @Override
    public ServerStats stats() {
        long requests = 0;
        long active = 0;
        long idle = 0;
        long connects = 0;
        Map<String, Long> refused = new HashMap<>();
        for (ServerLoop loop : loops) {
            requests += loop.counters.requests();
            active += loop.counters.upstreamActive();
            idle += loop.counters.upstreamIdle();
            connects += loop.counters.upstreamConnects();
            loop.counters.addRefusedTo(refused);
        }
        return new ServerStats(
                limits.count(),
                (int) exchanges(),
                (int) active,
                (int) idle,
                engine.blocking().count(),
                requests,
                connects,
                Collections.unmodifiableMap(new TreeMap<>(refused)),
                watchdog == null ? 0 : watchdog.reports(),
                listeners.acceptFailures());
    }
}
