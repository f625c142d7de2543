package dev.lawu.proxy;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** What a proxy does: the user's {@link ProxyHttp}, filters before it, options and plugins. Immutable and thread-safe; several servers may run the same one. */
public final class HttpProxy {
    private final ProxyHttp<?> proxyHttp;
    private final List<HttpFilter<?>> filters;
    private final ProxyOptions options;
    private final List<Plugin> plugins;
    private final @Nullable Executor blockingExecutor;

    private HttpProxy(Builder builder) {
        proxyHttp = builder.proxyHttp;
        filters = List.copyOf(builder.filters);
        options = builder.options;
        plugins = List.copyOf(builder.plugins);
        blockingExecutor = builder.blockingExecutor;
    }

    /** A proxy without filters, with the default options. */
    public static HttpProxy of(ProxyHttp<?> proxyHttp) {
        return builder(proxyHttp).build();
    }

    /** Starts to describe a proxy. */
    public static Builder builder(ProxyHttp<?> proxyHttp) {
        return new Builder(proxyHttp);
    }

    /** The user's proxy. */
    public ProxyHttp<?> proxyHttp() {
        return proxyHttp;
    }

    /** The filters before it, in order. */
    public List<HttpFilter<?>> filters() {
        return filters;
    }

    /** The options. */
    public ProxyOptions options() {
        return options;
    }

    /** The plugins, in order. */
    public List<Plugin> plugins() {
        return plugins;
    }

    /** Runs blocking callbacks; null for the built-in one: virtual threads where the JVM has them, else a pool. */
    public @Nullable Executor blockingExecutor() {
        return blockingExecutor;
    }

    /** Describes a proxy. Not thread-safe. */
    public static final class Builder {
        private final ProxyHttp<?> proxyHttp;
        private final List<HttpFilter<?>> filters = new ArrayList<>();
        private final List<Plugin> plugins = new ArrayList<>();
        private ProxyOptions options = ProxyOptions.DEFAULTS;
        private @Nullable Executor blockingExecutor;

        private Builder(ProxyHttp<?> proxyHttp) {
            this.proxyHttp = Objects.requireNonNull(proxyHttp, "proxyHttp");
        }

        /** Adds a filter behind those that were added before. */
        public Builder filter(HttpFilter<?> filter) {
            filters.add(Objects.requireNonNull(filter, "filter"));
            return this;
        }

        /** Replaces the options. */
        public Builder options(ProxyOptions options) {
            this.options = Objects.requireNonNull(options, "options");
            return this;
        }

        /** Plugs in a cache or another {@link Plugin}. A server does not start with one that it has no use for. */
        public Builder plugIn(Plugin plugin) {
            plugins.add(Objects.requireNonNull(plugin, "plugin"));
            return this;
        }

        /** Runs blocking callbacks on this executor. The engine's caps on concurrency and queue hold all the same. */
        public Builder blockingExecutor(Executor executor) {
            blockingExecutor = Objects.requireNonNull(executor, "executor");
            return this;
        }

        /** The proxy. */
        public HttpProxy build() {
            return new HttpProxy(this);
        }
    }
}
