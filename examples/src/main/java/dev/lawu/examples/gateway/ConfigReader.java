package dev.lawu.examples.gateway;

import dev.lawu.examples.gateway.GatewayConfig.Route;
import dev.lawu.examples.gateway.GatewayConfig.Server;
import dev.lawu.examples.gateway.GatewayConfig.Upstream;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.http.FieldSyntax;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerOptions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/** Reads a gateway's file. It finds all problems, not the first alone; only a file that is no YAML ends at once. docs/gateway.md tells the keys. */
final class ConfigReader {
    /** The routes of 100,000 tenants fit. */
    private static final int MAX_CHARACTERS = 64 << 20;

    private static final String FILE = "a YAML mapping with listeners, upstreams and routes";
    private static final String LISTENERS = "a list of listeners such as [{ address: \"127.0.0.1:8080\" }]";
    private static final String ROUTES = "a list of routes such as [{ match: { path-prefix: / }, upstream: app }]";
    private static final String UPSTREAMS = "a mapping of upstreams such as { app: { peers: [\"127.0.0.1:9000\"] } }";
    private static final String PEERS = "a list of peers such as [\"127.0.0.1:9000\"]";
    private static final String PLAIN_HTTP = "http/1.1, the one protocol that is built";

    private final ConfigSource source;
    private final Map<String, @Nullable Upstream> upstreams = new LinkedHashMap<>();

    private ConfigReader(ConfigSource source) {
        this.source = source;
    }

    /**
     * Reads a file.
     *
     * @param environment what <code>${NAME}</code> stands for
     * @throws ConfigException if the file has problems: all of them
     * @throws IOException if it cannot be read
     */
    static GatewayConfig read(Path file, Map<String, String> environment) throws ConfigException, IOException {
        ConfigSource source = new ConfigSource(file, environment);
        GatewayConfig config = new ConfigReader(source).read();
        if (config == null || !source.problems().isEmpty()) {
            throw new ConfigException(source.problems());
        }
        return config;
    }

    private @Nullable GatewayConfig read() throws IOException {
        Node node = parse();
        if (node == null) {
            return null;
        }
        ConfigSection root = new ConfigValue(source, "", node).section(FILE);
        if (root == null) {
            return null;
        }
        Server server = server(root.optionalSection("server"));
        List<InetSocketAddress> listeners = listeners(root.required("listeners", LISTENERS));
        upstreams(root.required("upstreams", UPSTREAMS));
        List<Route> routes = routes(root.required("routes", ROUTES));
        ProxyOptions options = OptionsReader.read(root);
        boolean[] accessLog = {true};
        OptionsReader.bool(root.optional("access-log"), value -> accessLog[0] = value);
        root.notBuilt("admin", "no admin address; the log tells when the gateway is ready");
        root.notBuilt("cache", "no cache; responses come from the upstreams");
        root.end();
        return new GatewayConfig(server, listeners, routes, options, accessLog[0]);
    }

    private @Nullable Node parse() throws IOException {
        LoadSettings settings = LoadSettings.builder()
                .setLabel(source.file().toString())
                .setAllowDuplicateKeys(true) // ConfigSection finds them, all of them
                .setCodePointLimit(MAX_CHARACTERS)
                .build();
        try {
            // Not by a reader: the parser would hide its exceptions in its own.
            String text = Files.readString(source.file());
            Node node = new Compose(settings).composeString(text).orElse(null);
            if (node == null) {
                source.problem(1, "", "an empty file", FILE);
            }
            return node;
        } catch (MarkedYamlEngineException e) {
            int line = e.getProblemMark()
                    .or(e::getContextMark)
                    .map(mark -> mark.getLine() + 1)
                    .orElse(1);
            String context = e.getContext();
            source.problem(
                    line,
                    "",
                    "text that is no YAML: " + (context == null ? "" : context + ": ") + e.getProblem(),
                    FILE);
        } catch (YamlEngineException e) {
            source.problem(
                    1,
                    "",
                    "text that is no YAML: " + String.valueOf(e.getMessage()).replace('\n', ' '),
                    FILE);
        } catch (CharacterCodingException e) {
            source.problem(1, "", "bytes that are no UTF-8", FILE);
        }
        return null;
    }

    private static Server server(@Nullable ConfigSection section) {
        int[] numbers = {Runtime.getRuntime().availableProcessors(), 1024, 65_536};
        Duration[] drain = {Duration.ofSeconds(30)};
        if (section != null) {
            OptionsReader.integer(section.optional("event-loops"), 1, 1024, value -> numbers[0] = value);
            OptionsReader.integer(section.optional("backlog"), 1, 65_535, value -> numbers[1] = value);
            OptionsReader.integer(
                    section.optional("max-connections"), 1, Integer.MAX_VALUE, value -> numbers[2] = value);
            ConfigValue drainTimeout = section.optional("drain-timeout");
            Duration value = drainTimeout == null ? null : drainTimeout.duration(0);
            drain[0] = value == null ? drain[0] : value;
            section.end();
        }
        return new Server(numbers[0], numbers[1], numbers[2], drain[0]);
    }

    private List<InetSocketAddress> listeners(@Nullable ConfigValue value) {
        List<InetSocketAddress> addresses = new ArrayList<>();
        if (value == null) {
            return addresses;
        }
        for (ConfigValue element : value.nonEmptyList(LISTENERS)) {
            ConfigSection section = element.section("a listener such as { address: \"127.0.0.1:8080\" }");
            if (section == null) {
                continue;
            }
            ConfigValue address = section.required("address", "HOST:PORT, such as 127.0.0.1:8080");
            if (address != null) {
                InetSocketAddress parsed = ListenAddress.read(address);
                if (parsed != null && parsed.getPort() != 0 && addresses.contains(parsed)) {
                    address.problem("the address again", "each address once");
                } else if (parsed != null) {
                    addresses.add(parsed);
                }
            }
            ConfigValue protocols = section.optional("protocols");
            if (protocols != null) {
                for (ConfigValue protocol : protocols.nonEmptyList("[http/1.1]")) {
                    protocol(protocol);
                }
            }
            section.notBuilt("tls", "a listener without TLS; end TLS in front of the gateway");
            section.end();
        }
        return addresses;
    }

    private static void protocol(ConfigValue value) {
        String name = value.text(PLAIN_HTTP);
        if (name == null || name.equals("http/1.1")) {
            return;
        }
        if (List.of("h2", "h2c", "h3").contains(name)) {
            value.problem("\"" + name + "\", which is not built yet", PLAIN_HTTP);
        } else {
            value.reject(PLAIN_HTTP + Suggestion.of(name, List.of("http/1.1")));
        }
    }

    private void upstreams(@Nullable ConfigValue value) {
        ConfigSection section = value == null ? null : value.section(UPSTREAMS);
        if (value == null || section == null) {
            return;
        }
        if (section.all().isEmpty()) {
            value.problem("an empty mapping", UPSTREAMS);
        }
        section.all().forEach((name, element) -> upstreams.put(name, upstream(name, element)));
    }

    private static @Nullable Upstream upstream(String name, ConfigValue value) {
        ConfigSection section = value.section("an upstream such as { peers: [\"127.0.0.1:9000\"] }");
        if (section == null) {
            return null;
        }
        ConfigValue list = section.required("peers", PEERS);
        ConfigValue protocol = section.optional("protocol");
        if (protocol != null) {
            protocol(protocol);
        }
        PeerOptions options = peerOptions(section);
        List<HttpPeer> peers = new ArrayList<>();
        if (list != null) {
            for (ConfigValue element : list.nonEmptyList(PEERS)) {
                HttpPeer peer = peer(element);
                if (peer != null) {
                    peers.add(peer.withOptions(options));
                }
            }
        }
        ConfigValue balance = section.optional("balance");
        if (balance != null) {
            String word = balance.text("round-robin");
            if (word != null && !word.equals("round-robin")) {
                balance.problem(
                        FieldSyntax.quote(word) + ", which is not built yet", "round-robin, that is, peers in turn");
            }
        }
        section.notBuilt("tls", "an upstream without TLS");
        section.end();
        return peers.isEmpty() ? null : new Upstream(name, peers);
    }

    private static PeerOptions peerOptions(ConfigSection section) {
        PeerOptions.Builder options = PeerOptions.builder();
        OptionsReader.duration(section.optional("connect-timeout"), options::connectTimeout);
        OptionsReader.duration(section.optional("response-head-timeout"), options::responseHeadTimeout);
        OptionsReader.duration(section.optional("between-bytes-timeout"), options::betweenBytesTimeout);
        OptionsReader.duration(section.optional("write-stall-timeout"), options::writeStallTimeout);
        OptionsReader.duration(section.optional("idle-timeout"), options::idleTimeout);
        OptionsReader.duration(section.optional("tunnel-idle-timeout"), options::tunnelIdleTimeout);
        OptionsReader.integer(section.optional("max-idle"), 0, 65_536, options::maxIdlePerLoop);
        OptionsReader.integer(section.optional("max-connections"), 1, 65_536, options::maxConnectionsPerPeer);
        return options.build();
    }

    private static @Nullable HttpPeer peer(ConfigValue value) {
        String expected = "HOST:PORT, such as 127.0.0.1:9000, app.internal:9000 or [::1]:9000";
        String text = value.text(expected);
        if (text == null) {
            return null;
        }
        if (text.startsWith("unix:")) {
            value.problem(FieldSyntax.quote(text) + "; Unix-domain sockets are not built yet", expected);
            return null;
        }
        try {
            return HttpPeer.parse(text);
        } catch (IllegalArgumentException e) {
            value.reject(expected + (text.contains("://") ? "; without a scheme" : ""));
            return null;
        }
    }

    private List<Route> routes(@Nullable ConfigValue value) {
        List<Route> routes = new ArrayList<>();
        if (value == null) {
            return routes;
        }
        Map<RouteMatch, Integer> seen = new HashMap<>();
        for (ConfigValue element : value.nonEmptyList(ROUTES)) {
            ConfigSection section = element.section("a route such as { match: { path-prefix: / }, upstream: app }");
            if (section == null) {
                continue;
            }
            ConfigValue matchValue = section.required("match", "what to match, such as { path-prefix: / }");
            RouteMatch match = matchValue == null ? null : MatchReader.read(matchValue);
            Upstream upstream = routeUpstream(section.required("upstream", "the name of an upstream"));
            section.notBuilt("cache", "no cache; responses come from the upstream");
            section.end();
            if (match != null && matchValue != null) {
                Integer first = seen.putIfAbsent(match, section.line());
                if (first != null) {
                    matchValue.problem("the same match again", "each once; it is on line " + first);
                } else if (upstream != null) {
                    routes.add(new Route(match, upstream));
                }
            }
        }
        return routes;
    }

    private @Nullable Upstream routeUpstream(@Nullable ConfigValue value) {
        String name = value == null ? null : value.text("the name of an upstream");
        if (value == null || name == null) {
            return null;
        }
        if (!upstreams.containsKey(name)) {
            value.reject(
                    upstreams.isEmpty()
                            ? "the name of an upstream"
                            : "one of the upstreams: " + String.join(", ", upstreams.keySet())
                                    + Suggestion.of(name, upstreams.keySet()));
        }
        return upstreams.get(name);
    }
}
