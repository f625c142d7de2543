package dev.lawu.examples.gateway.config;

import com.google.re2j.PatternSyntaxException;
import dev.lawu.examples.gateway.route.Condition;
import dev.lawu.examples.gateway.route.HostName;
import dev.lawu.examples.gateway.route.PathMatch;
import dev.lawu.examples.gateway.route.RequestPath;
import dev.lawu.examples.gateway.route.RouteMatch;
import dev.lawu.examples.gateway.route.TextMatch;
import dev.lawu.proxy.http.FieldSyntax;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads what a route matches. Stateless. */
final class MatchReader {
    private static final Pattern HOST = Pattern.compile(
            "(\\*\\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*|\\[[0-9a-f:.]+]");
    private static final List<String> PATHS = List.of("exact", "path-prefix", "regex");
    private static final String HOST_EXPECTED =
            "a host name without port, such as example.com, or *.example.com for all below it";
    private static final String PATH_EXPECTED =
            "a path such as /api, percent-encoded, without query, fragment or dot segments";
    private static final String REGEX_EXPECTED = "a regular expression in RE2 syntax, which has to match as a whole";
    private static final String TEXT_EXPECTED =
            "a text, or one of { exact: TEXT }, { prefix: TEXT }, { regex: TEXT }, { present: true } and { present: false }";

    private MatchReader() {}

    /** One match for each host; empty if there is a problem. */
    static List<RouteMatch> read(ConfigValue value, int priority) {
        ConfigSection section = value.section("what to match, such as { path-prefix: / }");
        if (section == null) {
            return List.of();
        }
        List<String> hosts = hosts(section.optional("host"));
        PathMatch path = path(section);
        List<Condition> conditions = new ArrayList<>();
        boolean complete = methods(section.optional("method"), conditions);
        complete &= texts(section, "header", true, Condition.Header::new, conditions);
        complete &= texts(section, "query", false, Condition.Query::new, conditions);
        complete &= texts(section, "cookie", true, Condition.Cookie::new, conditions);
        ConfigValue clients = section.optional("client");
        if (clients != null) {
            List<String> networks = OptionsReader.networks(clients);
            if (networks.isEmpty() && clients.isList()) {
                clients.problem("no address", "a list of addresses and networks such as [10.0.0.0/8]");
            }
            conditions.add(new Condition.Client(networks));
        }
        ConfigValue scheme = section.optional("scheme");
        String word = scheme == null ? null : scheme.oneOf(List.of("http", "https"));
        if (word != null) {
            conditions.add(new Condition.Scheme(word));
        }
        section.end();
        if (path == null || !complete) {
            return List.of();
        }
        return hosts.stream()
                .map(host -> new RouteMatch(priority, host, path, conditions))
                .toList();
    }

    private static List<String> hosts(@Nullable ConfigValue value) {
        if (value == null) {
            return List.of("");
        }
        List<String> hosts = new ArrayList<>();
        for (ConfigValue element :
                value.oneOrMore("a host or a list of hosts such as [example.com, \"*.example.com\"]")) {
            String host = host(element);
            if (host != null) {
                hosts.add(host);
            }
        }
        return hosts;
    }

    private static @Nullable String host(ConfigValue value) {
        String text = value.text(HOST_EXPECTED);
        if (text == null) {
            return null;
        }
        String host = HostName.of(text);
        // A port would be cut off silently; clients send internationalized names in their ASCII form only.
        boolean hasPort = text.lastIndexOf(':') > text.lastIndexOf(']');
        if (hasPort || host.length() > 253 || !HOST.matcher(host).matches()) {
            value.reject(HOST_EXPECTED + (hasPort ? "; ports are not matched" : ""));
            return null;
        }
        return host;
    }

    private static @Nullable PathMatch path(ConfigSection section) {
        ConfigValue exact = section.optional("exact");
        ConfigValue prefix = section.optional("path-prefix");
        ConfigValue regex = section.optional("regex");
        List<String> present = section.present(PATHS);
        if (present.size() > 1) {
            section.keyProblem(present.get(0), String.join(" and ", present) + " together", "one of them");
            return null;
        }
        if (regex != null) {
            return regex(regex);
        }
        ConfigValue value = exact == null ? prefix : exact;
        if (value == null) {
            return PathMatch.ALL;
        }
        String path = path(value);
        if (path == null) {
            return null;
        }
        return exact == null ? PathMatch.prefix(path) : PathMatch.exact(path);
    }

    private static @Nullable PathMatch regex(ConfigValue value) {
        String text = value.text(REGEX_EXPECTED);
        try {
            return text == null ? null : PathMatch.regex(text);
        } catch (PatternSyntaxException e) {
            value.problem(value.found() + ": " + e.getDescription(), REGEX_EXPECTED);
            return null;
        }
    }

    /** A path, or a prefix of one. */
    static @Nullable String path(ConfigValue value) {
        String text = value.text(PATH_EXPECTED);
        if (text == null) {
            return null;
        }
        boolean isPath = text.startsWith("/") && text.indexOf('?') < 0;
        for (int i = 0; isPath && i < text.length(); i++) {
            isPath = text.charAt(i) < 0x7F && FieldSyntax.isTarget((byte) text.charAt(i));
        }
        if (!isPath || RequestPath.hasDotSegment(text, text.length())) {
            value.reject(PATH_EXPECTED);
            return null;
        }
        return RequestPath.decodeUnreserved(text);
    }

    private static boolean methods(@Nullable ConfigValue value, List<Condition> conditions) {
        if (value == null) {
            return true;
        }
        String expected = "a method such as GET";
        Set<String> methods = new LinkedHashSet<>();
        for (ConfigValue element : value.oneOrMore("a method or a list of methods such as [GET, HEAD]")) {
            String method = element.text(expected);
            if (method != null && FieldSyntax.isToken(method) && method.equals(method.toUpperCase(Locale.ROOT))) {
                methods.add(method);
            } else if (method != null) {
                element.reject(expected + ", in capitals");
            }
        }
        conditions.add(new Condition.Method(methods));
        return !methods.isEmpty();
    }

    private static boolean texts(
            ConfigSection section,
            String key,
            boolean isToken,
            BiFunction<String, TextMatch, Condition> make,
            List<Condition> conditions) {
        ConfigValue value = section.optional(key);
        if (value == null) {
            return true;
        }
        ConfigSection names = value.section("a mapping of names such as { NAME: VALUE }");
        if (names == null) {
            return false;
        }
        boolean[] complete = {true};
        names.all().forEach((name, element) -> {
            boolean isName = isToken ? FieldSyntax.isToken(name) : !name.isEmpty();
            if (!isName) {
                names.keyProblem(name, FieldSyntax.quote(name), "the name of a " + key);
            }
            TextMatch match = text(element, SecretNames.contains(name));
            complete[0] &= isName && match != null;
            if (match != null) {
                conditions.add(make.apply(name, match));
            }
        });
        return complete[0];
    }

    private static @Nullable TextMatch text(ConfigValue value, boolean isSecret) {
        if (!value.isMapping()) {
            return text(value, "exact", isSecret);
        }
        ConfigSection section = value.section(TEXT_EXPECTED);
        if (section == null) {
            return null;
        }
        List<String> kinds = List.of("exact", "prefix", "regex", "present");
        TextMatch match = null;
        for (String kind : kinds) {
            ConfigValue of = section.optional(kind);
            match = of == null ? match : text(of, kind, isSecret);
        }
        section.end();
        if (section.present(kinds).size() != 1) {
            value.reject(TEXT_EXPECTED);
            return null;
        }
        return match;
    }

    private static @Nullable TextMatch text(ConfigValue value, String kind, boolean isSecret) {
        if (kind.equals("present")) {
            Boolean present = value.bool();
            return present == null ? null : present ? TextMatch.PRESENT : TextMatch.ABSENT;
        }
        String text = value.text(TEXT_EXPECTED);
        if (text == null) {
            return null;
        }
        if (isSecret) {
            value.show(SecretNames.MASK);
        }
        try {
            return switch (kind) {
                case "prefix" -> TextMatch.prefix(text);
                case "regex" -> TextMatch.regex(text);
                default -> TextMatch.exact(text);
            };
        } catch (PatternSyntaxException e) {
            value.problem(value.found() + ": " + e.getDescription(), REGEX_EXPECTED);
            return null;
        }
    }
}
