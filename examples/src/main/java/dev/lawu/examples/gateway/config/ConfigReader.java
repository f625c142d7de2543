package dev.lawu.examples.gateway.config;

import dev.lawu.examples.gateway.proxy.GatewayConfig;
import dev.lawu.examples.gateway.proxy.GatewayConfig.Server;
import dev.lawu.examples.gateway.proxy.Route;
import dev.lawu.examples.gateway.proxy.RoutePolicy;
import dev.lawu.proxy.ProxyOptions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;

/** Reads a gateway's file, and those that it includes. It finds all problems, not the first alone; only a file that is no YAML ends at once. docs/gateway.md tells the keys. */
public final class ConfigReader {
    private ConfigReader() {}

    /** What was read. */
    public static final class Result {
        private final GatewayConfig config;
        private final ConfigSection root;
        private final Map<String, Set<String>> knownKeys;

        private Result(GatewayConfig config, ConfigSection root, ConfigSource source) {
            this.config = config;
            this.root = root;
            this.knownKeys = source.knownKeys();
        }

        /** The gateway. */
        public GatewayConfig config() {
            return config;
        }

        /** The same as a file, with defaults, and without secrets. */
        public String effective() {
            return EffectiveConfig.write(root.effective());
        }

        /** Every key that was asked for, by place; for a comparison with what is said about keys elsewhere. */
        Map<String, Set<String>> knownKeys() {
            return knownKeys;
        }
    }

    /**
     * Reads a file.
     *
     * @param environment what <code>${NAME}</code> stands for
     * @throws ConfigException if the file has problems: all of them
     * @throws IOException if it cannot be read
     */
    public static GatewayConfig read(Path file, Map<String, String> environment) throws ConfigException, IOException {
        return readAll(file, environment).config();
    }

    /** The same, with what else there is to know. */
    public static Result readAll(Path file, Map<String, String> environment) throws ConfigException, IOException {
        ConfigSource source = new ConfigSource(file, environment);
        MappingNode node = new ConfigFiles(source).read(file);
        ConfigSection root = node == null ? null : new ConfigSection(source, "", "", node);
        GatewayConfig config = root == null ? null : read(root);
        if (root == null || config == null || !source.problems().isEmpty()) {
            throw new ConfigException(source.problems());
        }
        return new Result(config, root, source);
    }

    /** Null if what it returns would be of no use: there is a problem then. */
    private static @Nullable GatewayConfig read(ConfigSection root) {
        root.optional("include"); // done by ConfigFiles
        Server server = OptionsReader.server(root.sectionOrEmpty("server"));
        List<InetSocketAddress> listeners = ListenerReader.read(root);
        UpstreamReader upstreams = new UpstreamReader();
        upstreams.read(root);
        RoutePolicy defaults = defaults(root.optional("route-defaults"));
        List<Route> routes = new RouteReader(upstreams, defaults).read(root);
        ProxyOptions options = OptionsReader.read(root);
        boolean requestId = root.bool("request-id", false);
        boolean accessLog = root.bool("access-log", true);
        root.notBuilt("admin", "no admin address; the log tells when the gateway is ready");
        root.notBuilt("cache", "no cache; responses come from the upstreams");
        root.end();
        return new GatewayConfig(server, listeners, routes, defaults, options, requestId, accessLog);
    }

    private static RoutePolicy defaults(@Nullable ConfigValue value) {
        ConfigSection section = value == null ? null : value.section("a mapping of what routes may have");
        if (section == null) {
            return RoutePolicy.NONE;
        }
        RoutePolicy policy = PolicyReader.read(section, null, RoutePolicy.NONE).build();
        section.end();
        return policy;
    }
}
