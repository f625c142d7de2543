package dev.lawu.examples.gateway.config;

import dev.lawu.examples.gateway.proxy.Upstream;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerOptions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads upstreams, and the names that routes call them by. */
final class UpstreamReader {
    private static final String UPSTREAMS = "a mapping of upstreams such as { app: { peers: [\"127.0.0.1:9000\"] } }";
    private static final String PEERS = "a list of peers such as [\"127.0.0.1:9000\"]";
    private static final PeerOptions DEFAULTS = PeerOptions.DEFAULTS;

    /** Null for one that is not as it should be, so that routes to it are no further problem. */
    private final Map<String, @Nullable Upstream> upstreams = new LinkedHashMap<>();

    /** A gateway whose routes answer everything themselves needs none. */
    void read(ConfigSection root) {
        ConfigValue value = root.optional("upstreams");
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
        List<HttpPeer> named = list == null ? List.of() : peers(list);
        ConfigValue protocol = section.optional("protocol");
        if (protocol == null) {
            section.byDefault("protocol", "", "http/1.1");
        } else {
            Protocol.read(protocol);
        }
        PeerOptions options = options(section);
        List<HttpPeer> peers =
                named.stream().map(peer -> peer.withOptions(options)).toList();
        ConfigValue balance = section.optional("balance");
        String word = balance == null
                ? section.byDefault("balance", "round-robin", "round-robin")
                : balance.text("round-robin");
        if (balance != null && word != null && !word.equals("round-robin")) {
            balance.problem(balance.found() + ", which is not built yet", "round-robin, that is, peers in turn");
        }
        section.notBuilt("tls", "an upstream without TLS");
        section.end();
        return peers.isEmpty() ? null : new Upstream(name, peers);
    }

    private static List<HttpPeer> peers(ConfigValue list) {
        List<HttpPeer> peers = new ArrayList<>();
        for (ConfigValue element : list.nonEmptyList(PEERS)) {
            HttpPeer peer = peer(element);
            if (peer != null) {
                peers.add(peer);
            }
        }
        return peers;
    }

    private static PeerOptions options(ConfigSection section) {
        return PeerOptions.builder()
                .connectTimeout(section.duration("connect-timeout", DEFAULTS.connectTimeout()))
                .responseHeadTimeout(section.duration("response-head-timeout", DEFAULTS.responseHeadTimeout()))
                .betweenBytesTimeout(section.duration("between-bytes-timeout", DEFAULTS.betweenBytesTimeout()))
                .writeStallTimeout(section.duration("write-stall-timeout", DEFAULTS.writeStallTimeout()))
                .idleTimeout(section.duration("idle-timeout", DEFAULTS.idleTimeout()))
                .tunnelIdleTimeout(section.duration("tunnel-idle-timeout", DEFAULTS.tunnelIdleTimeout()))
                .maxIdlePerLoop(section.integer("max-idle", 0, 65_536, DEFAULTS.maxIdlePerLoop()))
                .maxConnectionsPerPeer(section.integer("max-connections", 1, 65_536, DEFAULTS.maxConnectionsPerPeer()))
                .build();
    }

    private static @Nullable HttpPeer peer(ConfigValue value) {
        String expected = "HOST:PORT, such as 127.0.0.1:9000, app.internal:9000 or [::1]:9000";
        String text = value.text(expected);
        if (text == null) {
            return null;
        }
        if (text.startsWith("unix:")) {
            value.problem(value.found() + "; Unix-domain sockets are not built yet", expected);
            return null;
        }
        try {
            return HttpPeer.parse(text);
        } catch (IllegalArgumentException e) {
            value.reject(expected + (text.contains("://") ? "; without a scheme" : ""));
            return null;
        }
    }

    /** The upstream of this name; null, which is a problem, if there is none. */
    @Nullable
    Upstream find(ConfigValue value) {
        String name = value.text("the name of an upstream");
        if (name == null) {
            return null;
        }
        if (!upstreams.containsKey(name)) {
            value.reject(
                    upstreams.isEmpty()
                            ? "the name of an upstream; there are none"
                            : "one of the upstreams: " + String.join(", ", upstreams.keySet())
                                    + Suggestion.of(name, upstreams.keySet()));
        }
        return upstreams.get(name);
    }
}
