package dev.lawu.proxy.internal.server;

import dev.lawu.proxy.Plugin;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.ProxyServer;
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
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.EventExecutor;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running server.
 *
 * <p>Shutting down goes through these states, each entered once: serving; draining (nothing is accepted, idle connections are closed, running requests go on); closing (everything left is cut off),
 * entered when the last connection and the last exchange are gone or the drain time has passed; closed, when the event loops have ended. An exchange may outlast its client: one that fills a
 * cache, or a subrequest.
 */
final class EngineServer implements ProxyServer {
    private static final Logger logger = LoggerFactory.getLogger("dev.lawu.proxy.server");

    private final ProxyServer.Builder builder;
    private final ProxyOptions options;
    private final ProxyEngine engine;
    private final Transport transport;
    private final EventLoopGroup group;
    private final UpstreamPools pools;
    private final IdentityHashMap<EventExecutor, ServerLoop> byLoop;
    private final List<ServerLoop> loops;
    private final @Nullable Watchdog watchdog;
    private final List<DnsLookup> lookups = new ArrayList<>();
    private final List<Channel> listening = new ArrayList<>();
    private final List<SocketAddress> addresses = new ArrayList<>();
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicBoolean draining = new AtomicBoolean();
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private volatile boolean ready;
    /** Every loop drains. Used by the first loop alone. */
    private boolean mayClose;

    static ProxyServer start(ProxyServer.Builder builder) {
        EngineServer server = new EngineServer(builder);
        server.bind(builder);
        return server;
    }

    private EngineServer(ProxyServer.Builder builder) {
        this.builder = builder;
        this.options = builder.proxy().options();
        refuseUnknown(builder);
        this.engine = new ProxyEngine(builder.proxy());
        TimeSource time = plugin(builder, TimeSource.class);
        RandomSource random = plugin(builder, RandomSource.class);
        Transport plugged = plugin(builder, Transport.class);
        this.transport = plugged == null ? new SocketTransport() : plugged;
        this.group = transport.eventLoops(builder.eventLoops());
        this.pools = new UpstreamPools(transport, builder.eventLoops(), options);
        List<ServerLoop> all = new ArrayList<>();
        IdentityHashMap<EventExecutor, ServerLoop> index = new IdentityHashMap<>();
        try {
            makeLoops(builder, time, random, all, index);
        } catch (Throwable e) {
            engine.blocking().close();
            group.shutdownGracefully(0, 5, TimeUnit.SECONDS);
            throw e;
        }
        this.loops = Collections.unmodifiableList(all);
        this.byLoop = index;
        // Under a virtual clock nothing holds a loop for long, and a thread would make runs differ.
        this.watchdog =
                time == null ? new Watchdog(loops, options.watchdogThreshold().toMillis()) : null;
    }

    private void makeLoops(
            ProxyServer.Builder builder,
            @Nullable TimeSource time,
            @Nullable RandomSource random,
            List<ServerLoop> all,
            Map<EventExecutor, ServerLoop> index) {
        NameResolver plugged = builder.resolver();
        TimeSource clock = time == null ? TimeSource.SYSTEM : time;
        NameCache names = new NameCache(builder.names(), clock, plugged != null);
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
            DnsLookup lookup = new DnsLookup(sockets, loop, builder.names());
            lookups.add(lookup);
            return lookup;
        }
        return host -> CompletableFuture.failedFuture(new IllegalStateException(
                host + ": no resolver (expected: resolver(...) beside a transport of your own)"));
    }

    private static void refuseUnknown(ProxyServer.Builder builder) {
        for (Plugin plugin : builder.plugins()) {
            if (!(plugin instanceof Transport || plugin instanceof TimeSource || plugin instanceof RandomSource)) {
                throw new IllegalArgumentException(
                        "plugins: " + plugin.getClass().getName()
                                + " (expected: a Transport, a TimeSource or a RandomSource; what belongs to a proxy goes to HttpProxy.Builder)");
            }
        }
    }

    private static <T extends Plugin> @Nullable T plugin(ProxyServer.Builder builder, Class<T> type) {
        T found = null;
        for (Plugin plugin : builder.plugins()) {
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

    private void bind(ProxyServer.Builder from) {
        for (SocketAddress address : from.listeners()) {
            ChannelFuture bound = transport.bind(group, address, from.backlog(), this::accepted);
            bound.awaitUninterruptibly();
            if (!bound.isSuccess()) {
                Throwable cause = bound.cause();
                beginClosing();
                group.terminationFuture().awaitUninterruptibly(); // until every channel is closed
                throw new IllegalStateException(
                        "cannot listen on " + text(address) + ": " + (cause == null ? "?" : cause.getMessage())
                                + " (expected: a free port and an address of this machine; stop what uses it, or listen elsewhere)",
                        cause);
            }
            listening.add(bound.channel());
            addresses.add(bound.channel().localAddress());
        }
        if (watchdog != null) {
            watchdog.start();
        }
        ready = true;
    }

    private static String text(SocketAddress address) {
        return address instanceof InetSocketAddress inet ? NetUtil.toSocketAddressString(inet) : address.toString();
    }

    private void accepted(Channel channel) {
        ServerLoop loop = byLoop.get(channel.eventLoop());
        if (loop == null || connections.get() >= builder.maxConnections() || !ready && draining.get()) {
            channel.close();
            return;
        }
        loop.accepted(channel);
    }

    ProxyOptions options() {
        return options;
    }

    void connectionOpened() {
        connections.incrementAndGet();
    }

    void connectionClosed() {
        connections.decrementAndGet();
        somethingEnded();
    }

    /**
     * A connection or an exchange is gone; called on its loop. Looking at what is left is a task of one loop: so of several loops that end their last exchange at the same time, each of which may
     * still see the other's, the later look sees all.
     */
    void somethingEnded() {
        if (draining.get() && !closing.get()) {
            loops.get(0).loop.loop().execute(this::closeIfQuiet);
        }
    }

    private void closeIfQuiet() {
        if (mayClose && connections.get() == 0 && exchanges() == 0) {
            beginClosing();
        }
    }

    private long exchanges() {
        long sum = 0;
        for (ServerLoop loop : loops) {
            sum += loop.counters.exchanges();
        }
        return sum;
    }

    @Override
    public List<SocketAddress> addresses() {
        return List.copyOf(addresses);
    }

    @Override
    public boolean isReady() {
        return ready;
    }

    @Override
    public CompletionStage<Void> shutdown() {
        if (draining.compareAndSet(false, true)) {
            ready = false;
            logger.info(
                    "draining: {} connections, {} exchanges, at most {} s",
                    connections.get(),
                    exchanges(),
                    builder.drainTimeout().toSeconds());
            for (Channel channel : listening) {
                channel.close();
            }
            AtomicInteger left = new AtomicInteger(loops.size());
            for (ServerLoop loop : loops) {
                loop.loop.loop().execute(() -> {
                    loop.drain();
                    if (left.decrementAndGet() == 0) {
                        loops.get(0).loop.loop().execute(this::allDraining);
                    }
                });
            }
        }
        return closed;
    }

    /** Every loop has seen the drain. Only now may the loops end: before, one could be gone when it was to be told. */
    private void allDraining() {
        loops.get(0)
                .loop
                .loop()
                .schedule(this::drainTimedOut, builder.drainTimeout().toMillis(), TimeUnit.MILLISECONDS);
        mayClose = true;
        closeIfQuiet();
    }

    private void drainTimedOut() {
        if (!closing.get()) {
            logger.warn(
                    "the drain time of {} s has passed: {} connections, {} exchanges are cut off",
                    builder.drainTimeout().toSeconds(),
                    connections.get(),
                    exchanges());
            beginClosing();
        }
    }

    private void beginClosing() {
        if (!closing.compareAndSet(false, true)) {
            return;
        }
        ready = false;
        draining.set(true);
        if (watchdog != null) {
            watchdog.stop();
        }
        for (Channel channel : listening) {
            channel.close();
        }
        AtomicInteger left = new AtomicInteger(loops.size());
        for (ServerLoop loop : loops) {
            loop.loop.loop().execute(() -> {
                loop.abort();
                if (left.decrementAndGet() == 0) {
                    endLoops();
                }
            });
        }
    }

    private void endLoops() {
        lookups.forEach(DnsLookup::close);
        engine.blocking().close();
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).addListener(done -> {
            for (ServerLoop loop : loops) {
                loop.loop.buffers().clear(); // nobody is there any more who could use them
            }
            closed.complete(null);
        });
    }

    @Override
    public void close() {
        for (ServerLoop loop : loops) {
            if (loop.loop.loop().inEventLoop()) {
                throw new IllegalStateException("close() on an event loop (expected: another thread, or shutdown())");
            }
        }
        shutdown();
        closed.join();
    }

    @Override
    public ServerStats stats() {
        List<LoopCounters> counters = new ArrayList<>();
        for (ServerLoop loop : loops) {
            counters.add(loop.counters);
        }
        return StatsSnapshot.of(
                counters,
                connections.get(),
                pools.moving(),
                engine.blocking().count(),
                watchdog == null ? 0 : watchdog.reports(),
                engine.replayFileBytes());
    }
}
