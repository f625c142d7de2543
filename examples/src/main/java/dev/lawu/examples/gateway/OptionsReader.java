package dev.lawu.examples.gateway;

import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.ProxyOptions.ForwardingFields;
import dev.lawu.proxy.TrustedProxies;
import dev.lawu.proxy.http.FieldSyntax;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Reads what of a file becomes {@link ProxyOptions}. Stateless. */
final class OptionsReader {
    private static final Map<String, ForwardingFields> FORWARDING_FIELDS = Map.of(
            "both", ForwardingFields.BOTH,
            "x-forwarded", ForwardingFields.X_FORWARDED,
            "forwarded", ForwardingFields.FORWARDED,
            "none", ForwardingFields.NONE);

    private OptionsReader() {}

    static ProxyOptions read(ConfigSection root) {
        ProxyOptions.Builder options = ProxyOptions.builder();
        limits(root.optionalSection("limits"), options);
        timeouts(root.optionalSection("timeouts"), options);
        trustedProxies(root.optional("trusted-proxies"), options);
        ConfigValue fields = root.optional("forwarding-fields");
        if (fields != null) {
            String word = fields.oneOf(List.of("both", "x-forwarded", "forwarded", "none"));
            ForwardingFields value = word == null ? null : FORWARDING_FIELDS.get(word);
            set(value, options::forwardingFields);
        }
        ConfigValue via = root.optional("via");
        if (via != null) {
            String expected = "a name such as lawu, or \"\" for no Via field";
            String name = via.text(expected);
            if (name != null && !name.isEmpty() && !FieldSyntax.isToken(name)) {
                via.reject(expected);
                name = null;
            }
            set(name, options::via);
        }
        upgrades(root.optional("upgrades"), options);
        bool(root.optional("half-close"), options::halfClose);
        bool(root.optional("allow-connect"), options::allowConnect);
        return options.build();
    }

    private static void limits(@Nullable ConfigSection limits, ProxyOptions.Builder options) {
        if (limits == null) {
            return;
        }
        size(limits.optional("max-start-line"), 64, 1 << 20, options::maxStartLine);
        size(limits.optional("max-head"), 256, 1 << 20, options::maxHead);
        integer(limits.optional("max-fields"), 1, 10_000, options::maxFields);
        size(limits.optional("max-trailers"), 64, 1 << 20, options::maxTrailers);
        integer(
                limits.optional("max-requests-per-connection"),
                1,
                Integer.MAX_VALUE,
                options::maxRequestsPerConnection);
        integer(limits.optional("max-attempts"), 1, 100, options::maxAttempts);
        size(limits.optional("replay-buffer"), 0, 16 << 20, options::replayBuffer);
        limits.end();
    }

    private static void timeouts(@Nullable ConfigSection timeouts, ProxyOptions.Builder options) {
        if (timeouts == null) {
            return;
        }
        duration(timeouts.optional("head-read"), options::headReadTimeout);
        duration(timeouts.optional("body-idle"), options::bodyIdleTimeout);
        duration(timeouts.optional("keep-alive"), options::keepAliveTimeout);
        duration(timeouts.optional("write-stall"), options::writeStallTimeout);
        timeouts.end();
    }

    private static void trustedProxies(@Nullable ConfigValue value, ProxyOptions.Builder options) {
        if (value == null) {
            return;
        }
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
        options.trustedProxies(TrustedProxies.of(networks.toArray(new String[0])));
    }

    private static void upgrades(@Nullable ConfigValue value, ProxyOptions.Builder options) {
        if (value == null) {
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

    static void integer(@Nullable ConfigValue value, int least, int most, Consumer<Integer> target) {
        if (value != null) {
            set(value.integer(least, most), target);
        }
    }

    static void size(@Nullable ConfigValue value, int least, int most, Consumer<Integer> target) {
        if (value != null) {
            set(value.size(least, most), target);
        }
    }

    static void duration(@Nullable ConfigValue value, Consumer<Duration> target) {
        if (value != null) {
            set(value.duration(1), target);
        }
    }

    static void bool(@Nullable ConfigValue value, Consumer<Boolean> target) {
        if (value != null) {
            set(value.bool(), target);
        }
    }

    private static <T> void set(@Nullable T value, Consumer<T> target) {
        if (value != null) {
            target.accept(value);
        }
    }
}
