package dev.lawu.proxy.metrics;

import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.ServerStats;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/**
 * What a server is doing, as meters: {@code new ServerMetrics(server).bindTo(registry)}. They read {@link ProxyServer#stats()} when the registry is read, and cost nothing in between.
 *
 * <table>
 * <caption>Meters</caption>
 * <tr><th>name</th><th>kind</th><th>tells</th></tr>
 * <tr><td>{@code lawu.server.ready}</td><td>gauge</td><td>1 while the server is ready, else 0</td></tr>
 * <tr><td>{@code lawu.connections}</td><td>gauge</td><td>clients' connections that are open</td></tr>
 * <tr><td>{@code lawu.exchanges}</td><td>gauge</td><td>requests that are being worked on</td></tr>
 * <tr><td>{@code lawu.upstream.connections}</td><td>gauge, {@code state}: {@code active}, {@code idle}</td><td>connections to upstreams</td></tr>
 * <tr><td>{@code lawu.upstream.waiting}</td><td>gauge</td><td>requests that wait for an upstream connection</td></tr>
 * <tr><td>{@code lawu.upstream.connects}</td><td>counter</td><td>upstream connections that were made</td></tr>
 * <tr><td>{@code lawu.upstream.reuses}</td><td>counter</td><td>requests that went on a pooled connection</td></tr>
 * <tr><td>{@code lawu.upstream.takeovers}</td><td>counter</td><td>connections taken over from another event loop</td></tr>
 * <tr><td>{@code lawu.upstream.wait.timeouts}</td><td>counter</td><td>requests that waited too long for a connection</td></tr>
 * <tr><td>{@code lawu.upstream.closed}</td><td>counter, {@code reason}</td><td>upstream connections that were closed; see {@link ServerStats#upstreamClosed()}</td></tr>
 * <tr><td>{@code lawu.refused}</td><td>counter, {@code reason}</td><td>connections and requests that were refused; see {@link ServerStats#refused()}</td></tr>
 * <tr><td>{@code lawu.accept.failures}</td><td>counter</td><td>connections that could not be accepted at once</td></tr>
 * <tr><td>{@code lawu.blocking.tasks}</td><td>gauge</td><td>blocking callbacks that run or wait</td></tr>
 * <tr><td>{@code lawu.watchdog.reports}</td><td>counter</td><td>callbacks that held an event loop too long</td></tr>
 * <tr><td>{@code lawu.event.loop.lag}</td><td>time gauge</td><td>see {@link ProxyServer#eventLoopLag()}</td></tr>
 * <tr><td>{@code lawu.memory.direct}</td><td>gauge, bytes</td><td>direct memory that the buffer pools of the process hold</td></tr>
 * </table>
 *
 * <p>Reasons are the engine's, few and fixed. One that is new when {@code lawu.connections} is read has a counter from then on; at most {@value #MOST_REASONS} have one. With several servers in a registry,
 * give each its own tags by a {@code MeterFilter}, or a registry of its own: a meter of one name exists once. Thread-safe.
 */
public final class ServerMetrics implements MeterBinder {
    static final int MOST_REASONS = 128;

    private final ProxyServer server;
    private final Set<String> known = ConcurrentHashMap.newKeySet();

    /** Tells of this server. */
    public ServerMetrics(ProxyServer server) {
        this.server = server;
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        gauge(registry, "lawu.server.ready", Tags.empty(), s -> s.isReady() ? 1 : 0);
        gauge(registry, "lawu.connections", Tags.empty(), s -> {
            addReasons(registry);
            return s.stats().connections();
        });
        gauge(registry, "lawu.exchanges", Tags.empty(), s -> s.stats().exchanges());
        gauge(
                registry,
                "lawu.upstream.connections",
                Tags.of("state", "active"),
                s -> s.stats().upstreamActive());
        gauge(
                registry,
                "lawu.upstream.connections",
                Tags.of("state", "idle"),
                s -> s.stats().upstreamIdle());
        gauge(registry, "lawu.upstream.waiting", Tags.empty(), s -> s.stats().upstreamWaiting());
        gauge(registry, "lawu.blocking.tasks", Tags.empty(), s -> s.stats().blockingRunning());
        counter(registry, "lawu.upstream.connects", ServerStats::upstreamConnects);
        counter(registry, "lawu.upstream.reuses", ServerStats::upstreamReuses);
        counter(registry, "lawu.upstream.takeovers", ServerStats::upstreamTakeovers);
        counter(registry, "lawu.upstream.wait.timeouts", ServerStats::upstreamWaitTimeouts);
        counter(registry, "lawu.accept.failures", ServerStats::acceptFailures);
        counter(registry, "lawu.watchdog.reports", ServerStats::watchdogReports);
        TimeGauge.builder(
                        "lawu.event.loop.lag",
                        server,
                        TimeUnit.NANOSECONDS,
                        s -> s.eventLoopLag().toNanos())
                .strongReference(true)
                .register(registry);
        Gauge.builder(
                        "lawu.memory.direct",
                        () -> PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory())
                .baseUnit("bytes")
                .register(registry);
        addReasons(registry);
    }

    private void gauge(MeterRegistry registry, String name, Tags tags, ToDoubleFunction<ProxyServer> value) {
        Gauge.builder(name, server, value).tags(tags).strongReference(true).register(registry);
    }

    private void counter(MeterRegistry registry, String name, ToLongFunction<ServerStats> value) {
        FunctionCounter.builder(name, server, s -> value.applyAsLong(s.stats())).register(registry);
    }

    private void addReasons(MeterRegistry registry) {
        ServerStats stats = server.stats();
        addReasons(registry, "lawu.refused", stats, ServerStats::refused);
        addReasons(registry, "lawu.upstream.closed", stats, ServerStats::upstreamClosed);
    }

    private void addReasons(
            MeterRegistry registry, String name, ServerStats stats, Function<ServerStats, Map<String, Long>> counts) {
        for (String reason : counts.apply(stats).keySet()) {
            if (known.size() < MOST_REASONS && known.add(name + ' ' + reason)) {
                FunctionCounter.builder(
                                name, server, s -> counts.apply(s.stats()).getOrDefault(reason, 0L))
                        .tag("reason", reason)
                        .register(registry);
            }
        }
    }
}
