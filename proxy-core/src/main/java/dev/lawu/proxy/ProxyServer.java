package dev.lawu.proxy;

import dev.lawu.proxy.upstream.NameOptions;
import dev.lawu.proxy.upstream.NameResolver;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A proxy that listens. Thread-safe. Its threads are daemons: they do not keep the JVM alive, so the {@code main} that starts it has to stay. */
public interface ProxyServer extends AutoCloseable {
    /** Starts to describe a server for this proxy. */
    static Builder builder(HttpProxy proxy) {
        return new Builder(proxy);
    }

    /** The addresses that are listened on, in the order of the {@code listen} calls, with the ports that port 0 became. */
    List<SocketAddress> addresses();

    /** The first TCP address. Throws {@link IllegalStateException} if there is none. */
    default InetSocketAddress address() {
        for (SocketAddress address : addresses()) {
            if (address instanceof InetSocketAddress inet) {
                return inet;
            }
        }
        throw new IllegalStateException("addresses: " + addresses() + " (expected: a TCP address)");
    }

    /** What the server is doing. */
    ServerStats stats();

    /** True while requests are accepted: from the start until {@link #shutdown()}. */
    boolean isReady();

    /**
     * Stops accepting, lets running requests end for at most the drain time, then closes what is left. Connections that carry no request are closed at once. Calling it again returns the same stage.
     *
     * @return complete when everything is closed
     */
    CompletionStage<Void> shutdown();

    /** {@link #shutdown()}, and waits for it. Must not be called on an event loop. */
    @Override
    void close();

    /** Describes a server. Not thread-safe. */
    final class Builder {
        private final HttpProxy proxy;
        private final List<SocketAddress> listeners = new ArrayList<>();
        private final List<Plugin> plugins = new ArrayList<>();
        private int eventLoops = Runtime.getRuntime().availableProcessors();
        private int backlog = 1024;
        private int maxConnections = 65_536;
        private Duration drainTimeout = Duration.ofSeconds(30);
        private @Nullable NameResolver resolver;
        private NameOptions names = NameOptions.DEFAULTS;

        private Builder(HttpProxy proxy) {
            this.proxy = Objects.requireNonNull(proxy, "proxy");
        }

        /** Listens for HTTP/1.1 on this address. A name is resolved now. Port 0 takes a free one. */
        public Builder listen(String host, int port) {
            return listen(new InetSocketAddress(host, port));
        }

        /** Listens for HTTP/1.1 on this address. */
        public Builder listen(SocketAddress address) {
            if (address instanceof InetSocketAddress inet && inet.isUnresolved()) {
                throw new IllegalArgumentException(
                        "listen address: " + inet.getHostString() + " (expected: an address, or a name that resolves)");
            }
            listeners.add(Objects.requireNonNull(address, "address"));
            return this;
        }

        /** The number of event loops, 1..1024. Default one per processor. */
        public Builder eventLoops(int value) {
            eventLoops = range("eventLoops", value, 1, 1024);
            return this;
        }

        /** Connections that the kernel holds before they are accepted, 1..65535. Default 1,024. */
        public Builder backlog(int value) {
            backlog = range("backlog", value, 1, 65_535);
            return this;
        }

        /** Clients' connections at the same time; further ones are closed at once. 1..2^31-1, default 65,536. */
        public Builder maxConnections(int value) {
            maxConnections = range("maxConnections", value, 1, Integer.MAX_VALUE);
            return this;
        }

        /** The longest that {@link ProxyServer#shutdown()} waits for running requests: 0 to 24 h, default 30 s. */
        public Builder drainTimeout(Duration value) {
            if (value.isNegative() || value.compareTo(Duration.ofHours(24)) > 0) {
                throw new IllegalArgumentException("drainTimeout: " + value + " (expected: PT0S..PT24H)");
            }
            drainTimeout = value;
            return this;
        }

        /** Resolves the names of peers. Default: a DNS client that does not block, with the system's servers and hosts file. */
        public Builder resolver(NameResolver value) {
            resolver = Objects.requireNonNull(value, "resolver");
            return this;
        }

        /** How names are resolved, and how long answers are kept. Default {@link NameOptions#DEFAULTS}. */
        public Builder names(NameOptions value) {
            names = Objects.requireNonNull(value, "names");
            return this;
        }

        /** Plugs in a transport, a clock or another {@link Plugin}. The server does not start with one that it has no use for. */
        public Builder plugIn(Plugin plugin) {
            plugins.add(Objects.requireNonNull(plugin, "plugin"));
            return this;
        }

        /**
         * Binds every address and starts to accept.
         *
         * @throws IllegalStateException if an address cannot be bound: the message says which, why and what to do; nothing is left listening
         */
        public ProxyServer start() {
            if (listeners.isEmpty()) {
                throw new IllegalArgumentException("listeners: none (expected: at least one listen(...) call)");
            }
            return ServiceLoader.load(ServerProvider.class, ServerProvider.class.getClassLoader())
                    .findFirst()
                    .orElseThrow(
                            () -> new IllegalStateException(
                                    "no ServerProvider found (expected: META-INF/services of lawu-proxy-core on the class path; a shaded jar must merge it)"))
                    .start(this);
        }

        private static int range(String name, int value, int least, int most) {
            if (value < least || value > most) {
                throw new IllegalArgumentException(name + ": " + value + " (expected: " + least + ".." + most + ")");
            }
            return value;
        }

        /** What was set. */
        public HttpProxy proxy() {
            return proxy;
        }

        /** What was set. */
        public List<SocketAddress> listeners() {
            return List.copyOf(listeners);
        }

        /** What was set. */
        public List<Plugin> plugins() {
            return List.copyOf(plugins);
        }

        /** What was set. */
        public int eventLoops() {
            return eventLoops;
        }

        /** What was set. */
        public int backlog() {
            return backlog;
        }

        /** What was set. */
        public int maxConnections() {
            return maxConnections;
        }

        /** What was set. */
        public Duration drainTimeout() {
            return drainTimeout;
        }

        /** What was set; null for the default. */
        public @Nullable NameResolver resolver() {
            return resolver;
        }

        /** What was set. */
        public NameOptions names() {
            return names;
        }
    }
}
