package dev.lawu.examples.gateway.config;

import dev.lawu.examples.gateway.filter.BasicAuth;
import dev.lawu.examples.gateway.filter.ClientAccess;
import dev.lawu.examples.gateway.filter.Cors;
import dev.lawu.examples.gateway.filter.PasswordHash;
import dev.lawu.examples.gateway.filter.SecurityHeaders;
import dev.lawu.examples.gateway.proxy.RoutePolicy;
import dev.lawu.proxy.http.FieldSyntax;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads the checks and additions that a route asks for; {@code false} turns off what {@code route-defaults} has on. Stateless. */
final class FilterReader {
    private static final Pattern ORIGIN = Pattern.compile("\\*|https?://(\\*\\.)?[a-z0-9._-]+(:[0-9]{1,5})?|null");
    private static final String ORIGIN_EXPECTED =
            "an origin in lower case such as https://app.example.com, https://*.example.com, or \"*\" for all";

    private FilterReader() {}

    static void read(ConfigSection section, RoutePolicy.Builder policy) {
        clients(section.optional("clients"), policy);
        cors(section.optional("cors"), policy);
        basicAuth(section.optional("basic-auth"), policy);
        securityHeaders(section.optional("security-headers"), policy);
    }

    private static void clients(@Nullable ConfigValue value, RoutePolicy.Builder policy) {
        ConfigSection section = value == null ? null : value.section("a mapping such as { allow: [10.0.0.0/8] }");
        if (section == null) {
            return;
        }
        ConfigValue allow = section.optional("allow");
        ConfigValue deny = section.optional("deny");
        List<String> allowed = allow == null ? List.of() : OptionsReader.networks(allow);
        List<String> denied = deny == null ? List.of() : OptionsReader.networks(deny);
        section.end();
        if (allow != null && allow.isList() && allowed.isEmpty()) {
            // It would let everybody in.
            allow.problem("no address that is allowed", "at least one; leave allow out to allow all");
        }
        policy.clients(allowed.isEmpty() && denied.isEmpty() ? null : new ClientAccess(allowed, denied));
    }

    private static void cors(@Nullable ConfigValue value, RoutePolicy.Builder policy) {
        if (value == null) {
            return;
        }
        String expected = "a mapping such as { origins: [https://app.example.com] }, or false";
        if (value.isWord("false")) {
            value.bool();
            policy.cors(null);
            return;
        }
        ConfigSection section = value.section(expected);
        if (section == null) {
            return;
        }
        ConfigValue list = section.required("origins", "a list such as [https://app.example.com]");
        List<String> origins = list == null ? List.of() : origins(list);
        List<String> methods = tokens(section, "methods", List.of("PUT", "PATCH", "DELETE"));
        List<String> headers = tokens(section, "headers", List.of("Content-Type"));
        List<String> exposed = tokens(section, "expose", List.of());
        boolean credentials = section.bool("credentials", false);
        Duration maxAge = section.duration("max-age", 0, Duration.ofHours(24), Duration.ofMinutes(10));
        section.end();
        if (credentials && origins.contains("*")) {
            value.problem("credentials for every origin", "origins by name, or no credentials");
            return;
        }
        policy.cors(new Cors(new Cors.Options(origins, methods, headers, exposed, credentials, maxAge)));
    }

    private static List<String> origins(ConfigValue list) {
        List<String> origins = new ArrayList<>();
        for (ConfigValue element : list.list("a list of origins")) {
            String origin = element.text(ORIGIN_EXPECTED);
            if (origin != null && ORIGIN.matcher(origin).matches()) {
                origins.add(origin);
            } else if (origin != null) {
                element.reject(ORIGIN_EXPECTED);
            }
        }
        return origins;
    }

    private static List<String> tokens(ConfigSection section, String name, List<String> byDefault) {
        String expected = "a token such as Content-Type or PUT";
        List<String> tokens = section.texts(name, "a list of tokens", expected, byDefault);
        ConfigValue value = section.optional(name);
        if (value != null && !tokens.stream().allMatch(FieldSyntax::isToken)) {
            value.problem("a list with something else", "a list of tokens such as Content-Type or PUT");
            return byDefault;
        }
        return tokens;
    }

    private static void basicAuth(@Nullable ConfigValue value, RoutePolicy.Builder policy) {
        if (value == null) {
            return;
        }
        if (value.isWord("false")) {
            value.bool();
            policy.basicAuth(null);
            return;
        }
        ConfigSection section = value.section("a mapping such as { users: { NAME: HASH } }, or false");
        if (section == null) {
            return;
        }
        String realm = section.text("realm", "a text in visible characters", "restricted");
        ConfigValue realmValue = section.optional("realm");
        if (realmValue != null && !TemplateReader.isFieldValue(realm)) {
            realmValue.reject("a text in visible characters");
            realm = "restricted";
        }
        Map<String, PasswordHash> users = new LinkedHashMap<>();
        ConfigValue list = section.required("users", "a mapping from names to hashes of passwords");
        ConfigSection names = list == null ? null : list.section("a mapping from names to hashes of passwords");
        if (names != null) {
            names.all().forEach((name, element) -> {
                PasswordHash hash = hash(element);
                if (name.isEmpty() || name.indexOf(':') >= 0) {
                    names.keyProblem(name, FieldSyntax.quote(name), "a name without a colon");
                } else if (hash != null) {
                    users.put(name, hash);
                }
            });
        }
        section.end();
        policy.basicAuth(new BasicAuth(realm, users));
    }

    private static @Nullable PasswordHash hash(ConfigValue value) {
        String text = value.text(PasswordHash.EXPECTED);
        if (text == null) {
            return null;
        }
        value.show(PasswordHash.LOCKED);
        PasswordHash hash = PasswordHash.parse(text);
        if (hash == null) {
            // Perhaps the password itself.
            value.problem("a text that is not shown", PasswordHash.EXPECTED);
        }
        return hash;
    }

    private static void securityHeaders(@Nullable ConfigValue value, RoutePolicy.Builder policy) {
        if (value == null) {
            return;
        }
        if (!value.isMapping()) {
            Boolean isOn = value.bool();
            policy.securityHeaders(isOn == null || !isOn ? null : new SecurityHeaders(SecurityHeaders.DEFAULTS));
            return;
        }
        ConfigSection section = value.section("a mapping, true or false");
        if (section == null) {
            return;
        }
        Map<String, String> fields = new LinkedHashMap<>();
        SecurityHeaders.DEFAULTS.forEach((field, byDefault) -> {
            String key = field.toLowerCase(Locale.ROOT);
            String expected = "the value of the field, or off";
            String text = section.text(key, expected, byDefault.isEmpty() ? "off" : byDefault);
            ConfigValue given = section.optional(key);
            if (given != null && !TemplateReader.isFieldValue(text)) {
                given.reject(expected);
            } else {
                fields.put(field, text.equals("off") ? "" : text);
            }
        });
        section.end();
        policy.securityHeaders(new SecurityHeaders(fields));
    }
}
