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

/**
 * A proxy that listens. Thread-safe. Its threads are daemons: they do not keep the JVM alive, so the {@code main} that starts it has to stay.
 *
 * <p>Its life: {@link Builder#start()} binds every address, starts the services, then begins to accept, or fails and leaves nothing behind. {@link #shutdown()} stops accepting, lets requests end, stops
 * the services, and ends the threads. {@link #close()} does so and waits. Both may be called any number of times, from any thread but an event loop in the case of {@code close()}.
 */
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

    /**
     * The address of the listener with this name, with the port that port 0 became.
     *
     * @throws IllegalArgumentException if no listener has it
     */
    SocketAddress address(String listener);

    /** What the server is doing. */
    ServerStats stats();

    /**
     * How long a task waits at present on the event loop where it waits longest. Each call sends a task to each loop, unless the last one is still waiting, and answers what is known by then: so a value is as
     * old as the call before, and a server that nobody asks does nothing.
     */
    Duration eventLoopLag();

    /** True while connections are accepted on every address: from the start until {@link #shutdown()}, but not while accepting pauses because the process has no descriptors left. */
    boolean isReady();

    /**
     * Stops accepting, lets running requests end for at most the drain time, stops the services, then closes what is left. Connections that carry no request are closed at once. Calling it again
     * returns the same stage. May be called anywhere.
     *
     * @return complete when everything is closed
     */
    CompletionStage<Void> shutdown();

    /** {@link #shutdown()}, and waits for it. Must not be called on an event loop. */
    @Override
    void close();

    /** Describes a server. Not thread-safe. {@link #start()} copies what was set, so a builder may be changed and started again. */
    final class Builder {
        final HttpProxy proxy;
        final List<Listener> listeners = new ArrayList<>();
        final List<Plugin> plugins = new ArrayList<>();
        final List<BackgroundService> services = new ArrayList<>();
        int eventLoops = Runtime.getRuntime().availableProcessors();
        int backlog = 1024;
        int maxConnections = 65_536;
        int maxConnectionsPerClient = Integer.MAX_VALUE;
        boolean reusePort;
        Duration drainTimeout = Duration.ofSeconds(30);
        Duration serviceStopTimeout = Duration.ofSeconds(5);
        NameOptions names = NameOptions.DEFAULTS;

        @Nullable
        NameResolver resolver;

        private Builder(HttpProxy proxy) {
            this.proxy = Objects.requireNonNull(proxy, "proxy");
        }

        /** Listens for HTTP/1.1 on this TCP address. A name is resolved now. Port 0 takes a free one. */
        public Builder listen(String host, int port) {
            return listen(Listener.tcp(host, port));
        }

        /** Listens for HTTP/1.1 on this address: see {@link Listener#at}. */
        public Builder listen(SocketAddress address) {
            return listen(Listener.at(address));
        }

        /**
         * Listens for HTTP/1.1 as this says, beside the others.
         *
         * @throws IllegalArgumentException if another listener has its name
         */
        public Builder listen(Listener listener) {
            for (Listener other : listeners) {
                if (listener.hasName() && other.hasName() && other.name().equals(listener.name())) {
                    throw new IllegalArgumentException(
                            "listener name: \"" + listener.name() + "\" twice (expected: a name of its own for each)");
                }
            }
            listeners.add(listener);
            return this;
        }

        /** True if there is nothing to listen on yet. */
        public boolean listensNowhere() {
            return listeners.isEmpty();
        }

        /** Starts and stops this with the server, in the order of these calls and in reverse. */
        public Builder service(BackgroundService service) {
            services.add(Objects.requireNonNull(service, "service"));
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

        /** Clients' connections at the same time; further ones are closed before anything is read, and counted as {@code max-connections}. 1..2^31-1, default 65,536. */
        public Builder maxConnections(int value) {
            maxConnections = range("maxConnections", value, 1, Integer.MAX_VALUE);
            return this;
        }

        /**
         * Connections of one client at the same time, on all listeners; further ones are closed before anything is read, and counted as {@code max-connections-per-client}. A client is an IPv4 address
         * or a /64 network of IPv6, which one host may have for itself; whoever comes over a Unix-domain socket without a PROXY header is not counted. It takes memory only for clients that are
         * connected. 1..2^31-1; default: none, because a load balancer in front is one client.
         */
        public Builder maxConnectionsPerClient(int value) {
            maxConnectionsPerClient = range("maxConnectionsPerClient", value, 1, Integer.MAX_VALUE);
            return this;
        }

        /**
         * Has every event loop listen on each TCP address with a socket of its own (SO_REUSEPORT, where the system has it). Accepting is then spread over the loops, which pays at tens of thousands of new
         * connections a second. Default false, one socket whose connections go to the loops in turn: with many, the kernel chooses by a hash, whatever a loop has to do; connections that wait for a loop
         * that stands still wait with it; and a second server of the same user that listens on the port is not an error, but gets half of the connections.
         */
        public Builder reusePort(boolean value) {
            reusePort = value;
            return this;
        }

        /** The longest that {@link ProxyServer#shutdown()} waits for running requests: 0 to 24 h, default 30 s. */
        public Builder drainTimeout(Duration value) {
            drainTimeout = range("drainTimeout", value);
            return this;
        }

        /** The longest that {@link ProxyServer#shutdown()} waits, behind the requests, for all services to stop: 0 to 24 h, default 5 s. */
        public Builder serviceStopTimeout(Duration value) {
            serviceStopTimeout = range("serviceStopTimeout", value);
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
         * Binds every address, starts the services and then to accept. Waits for that.
         *
         * @throws IllegalStateException if an address cannot be bound or a service does not start: the message says which, why and what to do; nothing is left listening or running
         * @throws IllegalArgumentException if there is nothing to listen on, or a plugin is of no use
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
                    .start(new ServerOptions(this));
        }

        private static int range(String name, int value, int least, int most) {
            if (value < least || value > most) {
                throw new IllegalArgumentException(name + ": " + value + " (expected: " + least + ".." + most + ")");
            }
            return value;
        }

        private static Duration range(String name, Duration value) {
            if (value.isNegative() || value.compareTo(Duration.ofHours(24)) > 0) {
                throw new IllegalArgumentException(name + ": " + value + " (expected: PT0S..PT24H)");
            }
            return value;
        }
    }
}
