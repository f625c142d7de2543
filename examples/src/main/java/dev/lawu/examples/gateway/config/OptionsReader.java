package dev.lawu.examples.gateway.config;

import dev.lawu.examples.gateway.proxy.GatewayConfig.Server;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.ProxyOptions.ForwardingFields;
import dev.lawu.proxy.TrustedProxies;
import dev.lawu.proxy.http.FieldSyntax;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reads what holds for the whole gateway: the process, and what becomes {@link ProxyOptions}. Stateless. */
final class OptionsReader {
    private static final ProxyOptions DEFAULTS = ProxyOptions.DEFAULTS;

    private static final List<String> FORWARDING_FIELDS = List.of("both", "x-forwarded", "forwarded", "none");

    private OptionsReader() {}

    static Server server(@Nullable ConfigSection section) {
        Server defaults = Server.defaults();
        if (section == null) {
            return defaults;
        }
        Server server = new Server(
                section.integer("event-loops", 1, 1024, defaults.eventLoops()),
                section.integer("backlog", 1, 65_535, defaults.backlog()),
                section.integer("max-connections", 1, Integer.MAX_VALUE, defaults.maxConnections()),
                section.duration("drain-timeout", 0, Duration.ofHours(24), defaults.drainTimeout()));
        section.end();
        return server;
    }

    static ProxyOptions read(ConfigSection root) {
        ProxyOptions.Builder options = ProxyOptions.builder();
        limits(root.sectionOrEmpty("limits"), options);
        timeouts(root.sectionOrEmpty("timeouts"), options);
        trustedProxies(root, options);
        options.forwardingFields(
                switch (root.oneOf("forwarding-fields", FORWARDING_FIELDS, "both")) {
                    case "x-forwarded" -> ForwardingFields.X_FORWARDED;
                    case "forwarded" -> ForwardingFields.FORWARDED;
                    case "none" -> ForwardingFields.NONE;
                    default -> ForwardingFields.BOTH;
                });
        String via = root.text("via", "a name such as lawu, or \"\" for no Via field", DEFAULTS.via());
        if (via.isEmpty() || FieldSyntax.isToken(via)) {
            options.via(via);
        } else {
            reject(root.optional("via"), "a name such as lawu, or \"\" for no Via field");
        }
        upgrades(root, options);
        options.halfClose(root.bool("half-close", DEFAULTS.halfClose()));
        options.allowConnect(root.bool("allow-connect", DEFAULTS.allowConnect()));
        return options.build();
    }

    private static void reject(@Nullable ConfigValue value, String expected) {
        if (value != null) {
            value.reject(expected);
        }
    }

    private static void limits(@Nullable ConfigSection limits, ProxyOptions.Builder options) {
        if (limits == null) {
            return;
        }
        options.maxStartLine((int) limits.size("max-start-line", 64, 1 << 20, DEFAULTS.maxStartLine()));
        options.maxHead((int) limits.size("max-head", 256, 1 << 20, DEFAULTS.maxHead()));
        options.maxFields(limits.integer("max-fields", 1, 10_000, DEFAULTS.maxFields()));
        options.maxTrailers((int) limits.size("max-trailers", 64, 1 << 20, DEFAULTS.maxTrailers()));
        options.maxRequestsPerConnection(limits.integer(
                "max-requests-per-connection", 1, Integer.MAX_VALUE, DEFAULTS.maxRequestsPerConnection()));
        options.maxAttempts(limits.integer("max-attempts", 1, 100, DEFAULTS.maxAttempts()));
        options.replayBuffer((int) limits.size("replay-buffer", 0, 16 << 20, DEFAULTS.replayBuffer()));
        limits.end();
    }

    private static void timeouts(@Nullable ConfigSection timeouts, ProxyOptions.Builder options) {
        if (timeouts == null) {
            return;
        }
        options.headReadTimeout(timeouts.duration("head-read", DEFAULTS.headReadTimeout()));
        options.bodyIdleTimeout(timeouts.duration("body-idle", DEFAULTS.bodyIdleTimeout()));
        options.keepAliveTimeout(timeouts.duration("keep-alive", DEFAULTS.keepAliveTimeout()));
        options.writeStallTimeout(timeouts.duration("write-stall", DEFAULTS.writeStallTimeout()));
        timeouts.end();
    }

    private static void trustedProxies(ConfigSection root, ProxyOptions.Builder options) {
        ConfigValue value = root.optional("trusted-proxies");
        List<String> networks =
                value == null ? root.byDefault("trusted-proxies", List.of(), List.of()) : networks(value);
        options.trustedProxies(TrustedProxies.of(networks.toArray(new String[0])));
    }

    /** Addresses and networks; those that are none are problems and left out. */
    static List<String> networks(ConfigValue value) {
        String expected = "an address or a network such as 10.0.0.0/8 or ::1";
        List<String> networks = new ArrayList<>();
        for (ConfigValue element : value.list("a list of addresses and networks")) {
            String network = element.text(expected);
            if (network == null) {
                continue;
            }
            try {
                TrustedProxies.of(network);
                networks.add(network);
            } catch (IllegalArgumentException e) {
                element.reject(expected);
            }
        }
        return networks;
    }

    private static void upgrades(ConfigSection root, ProxyOptions.Builder options) {
        ConfigValue value = root.optional("upgrades");
        if (value == null) {
            root.byDefault("upgrades", List.of(), DEFAULTS.upgrades());
            return;
        }
        String expected = "a protocol that can be tunnelled, such as websocket; not h2c";
        List<String> protocols = new ArrayList<>();
        for (ConfigValue element : value.list("a list of protocols, such as [websocket]")) {
            String protocol = element.text(expected);
            if (protocol == null) {
                continue;
            }
            String lower = protocol.toLowerCase(Locale.ROOT);
            if (!FieldSyntax.isToken(lower) || lower.equals("h2c")) {
                element.reject(expected);
            } else {
                protocols.add(lower);
            }
        }
        options.upgrades(protocols);
    }
}
