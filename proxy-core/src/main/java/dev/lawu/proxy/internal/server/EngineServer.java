package dev.lawu.proxy.internal.server;

import dev.lawu.proxy.Plugin;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.ServerOptions;
import dev.lawu.proxy.ServerStats;
import dev.lawu.proxy.internal.exchange.ProxyEngine;
import dev.lawu.proxy.internal.loop.LoopContext;
import dev.lawu.proxy.internal.loop.LoopCounters;
import dev.lawu.proxy.internal.transport.DnsLookup;
import dev.lawu.proxy.internal.transport.NameCache;
import dev.lawu.proxy.internal.transport.SocketTransport;
import dev.lawu.proxy.internal.upstream.UpstreamPools;
import dev.lawu.proxy.spi.RandomSource;
import dev.lawu.proxy.spi.TimeSource;
import dev.lawu.proxy.spi.Transport;
import dev.lawu.proxy.upstream.NameResolver;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
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
    private final UpstreamPools pools;
    private final IdentityHashMap<EventExecutor, ServerLoop> byLoop;
    private final List<ServerLoop> loops;
    private final @Nullable Watchdog watchdog;
    private final List<DnsLookup> lookups = new ArrayList<>();
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
        this.pools = new UpstreamPools(transport, description.eventLoops(), options);
        this.limits = new ConnectionLimits(description.maxConnections(), description.maxConnectionsPerClient());
        List<ServerLoop> all = new ArrayList<>();
        IdentityHashMap<EventExecutor, ServerLoop> index = new IdentityHashMap<>();
        try {
            makeLoops(time, random, all, index);
        } catch (Throwable e) {
            engine.blocking().close();
            group.shutdownGracefully(0, 5, TimeUnit.SECONDS);
            throw e;
        }
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

    private void makeLoops(
            @Nullable TimeSource time,
            @Nullable RandomSource random,
            List<ServerLoop> all,
            Map<EventExecutor, ServerLoop> index) {
        NameResolver plugged = description.resolver();
        TimeSource clock = time == null ? TimeSource.SYSTEM : time;
        NameCache names = new NameCache(description.names(), clock, plugged != null);
        for (EventExecutor executor : group) {
            LoopContext context = new LoopContext(
                    (EventLoop) executor, clock, random == null ? new SplittableRandom() : random.create());
            NameResolver source = plugged == null ? ownResolver(context.loop()) : plugged;
            NameResolver resolver = names.on(context.loop(), source);
            ServerLoop loop = new ServerLoop(this, engine, context, pools, resolver);
            executor.execute(() -> loop.watch.runsOn(Thread.currentThread()));
            all.add(loop);
            index.put(executor, loop);
        }
    }

    private NameResolver ownResolver(EventLoop loop) {
        if (transport instanceof SocketTransport sockets) {
            DnsLookup lookup = new DnsLookup(sockets, loop, description.names());
            lookups.add(lookup);
            return lookup;
        }
        return host -> CompletableFuture.failedFuture(new IllegalStateException(
                host + ": no resolver (expected: resolver(...) beside a transport of your own)"));
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
        listeners.open();
        started = true;
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
        lookups.forEach(DnsLookup::close);
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
    public Duration eventLoopLag() {
        long most = 0;
        for (ServerLoop loop : loops) {
            most = Math.max(most, loop.lag.sample());
        }
        return Duration.ofNanos(most);
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
        List<LoopCounters> counters = new ArrayList<>();
        for (ServerLoop loop : loops) {
            counters.add(loop.counters);
        }
        return StatsSnapshot.of(
                counters,
                limits.count(),
                pools.moving(),
                engine.blocking().count(),
                watchdog == null ? 0 : watchdog.reports(),
                engine.replayFileBytes(),
                listeners.acceptFailures());
    }
}
