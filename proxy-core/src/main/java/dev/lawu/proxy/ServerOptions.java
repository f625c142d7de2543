package dev.lawu.proxy;

import dev.lawu.proxy.upstream.NameOptions;
import dev.lawu.proxy.upstream.NameResolver;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a {@link ProxyServer.Builder} had been told when the server was started. Immutable. */
public final class ServerOptions {
    private final HttpProxy proxy;
    private final List<Listener> listeners;
    private final List<Plugin> plugins;
    private final List<BackgroundService> services;
    private final int eventLoops;
    private final int backlog;
    private final int maxConnections;
    private final int maxConnectionsPerClient;
    private final boolean reusePort;
    private final Duration drainTimeout;
    private final Duration serviceStopTimeout;
    private final NameOptions names;
    private final @Nullable NameResolver resolver;

    ServerOptions(ProxyServer.Builder builder) {
        proxy = builder.proxy;
        listeners = List.copyOf(builder.listeners);
        plugins = List.copyOf(builder.plugins);
        services = List.copyOf(builder.services);
        eventLoops = builder.eventLoops;
        backlog = builder.backlog;
        maxConnections = builder.maxConnections;
        maxConnectionsPerClient = builder.maxConnectionsPerClient;
        reusePort = builder.reusePort;
        drainTimeout = builder.drainTimeout;
        serviceStopTimeout = builder.serviceStopTimeout;
        names = builder.names;
        resolver = builder.resolver;
    }

    /** What it serves. */
    public HttpProxy proxy() {
        return proxy;
    }

    /** See {@link ProxyServer.Builder#listen(Listener)}. */
    public List<Listener> listeners() {
        return listeners;
    }

    /** See {@link ProxyServer.Builder#plugIn}. */
    public List<Plugin> plugins() {
        return plugins;
    }

    /** See {@link ProxyServer.Builder#service}. */
    public List<BackgroundService> services() {
        return services;
    }

    /** See {@link ProxyServer.Builder#eventLoops}. */
    public int eventLoops() {
        return eventLoops;
    }

    /** See {@link ProxyServer.Builder#backlog}. */
    public int backlog() {
        return backlog;
    }

    /** See {@link ProxyServer.Builder#maxConnections}. */
    public int maxConnections() {
        return maxConnections;
    }

    /** See {@link ProxyServer.Builder#maxConnectionsPerClient}. */
    public int maxConnectionsPerClient() {
        return maxConnectionsPerClient;
    }

    /** See {@link ProxyServer.Builder#reusePort}. */
    public boolean reusePort() {
        return reusePort;
    }

    /** See {@link ProxyServer.Builder#drainTimeout}. */
    public Duration drainTimeout() {
        return drainTimeout;
    }

    /** See {@link ProxyServer.Builder#serviceStopTimeout}. */
    public Duration serviceStopTimeout() {
        return serviceStopTimeout;
    }

    /** See {@link ProxyServer.Builder#names}. */
    public NameOptions names() {
        return names;
    }

    /** See {@link ProxyServer.Builder#resolver}; null for the default. */
    public @Nullable NameResolver resolver() {
        return resolver;
    }
}
