package dev.lawu.examples.gateway.config;

import com.google.re2j.Pattern;
import dev.lawu.examples.gateway.action.PathRewrite;
import dev.lawu.examples.gateway.action.Template;
import dev.lawu.examples.gateway.proxy.Route;
import dev.lawu.examples.gateway.proxy.RoutePolicy;
import dev.lawu.examples.gateway.route.PathMatch;
import dev.lawu.examples.gateway.route.RouteMatch;
import dev.lawu.examples.gateway.route.RouteTable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;

/** Reads routes. */
final class RouteReader {
    private static final String ROUTES = "a list of routes such as [{ match: { path-prefix: / }, upstream: app }]";
    private static final List<String> REWRITES = List.of("strip-prefix", "add-prefix", "rewrite");
    private static final String REWRITE_EXPECTED = "a path with variables, such as /users/{regex.1}";

    private final UpstreamReader upstreams;
    private final RoutePolicy defaults;
    private final Map<Object, Node> seen = new HashMap<>();
    private final Set<Integer> priorities = new TreeSet<>();

    RouteReader(UpstreamReader upstreams, RoutePolicy defaults) {
        this.upstreams = upstreams;
        this.defaults = defaults;
    }

    List<Route> read(ConfigSection root) {
        ConfigValue value = root.required("routes", ROUTES);
        List<Route> routes = new ArrayList<>();
        if (value != null) {
            for (ConfigValue element : value.nonEmptyList(ROUTES)) {
                ConfigSection section = element.section("a route such as { match: { path-prefix: / }, upstream: app }");
                if (section != null) {
                    route(element, section, routes);
                }
            }
        }
        return routes;
    }

    private void route(ConfigValue element, ConfigSection section, List<Route> routes) {
        int priority = section.integer("priority", -1000, 1000, 0);
        ConfigValue priorityValue = section.optional("priority");
        if (priorities.add(priority) && priorities.size() > RouteTable.MAX_PRIORITIES && priorityValue != null) {
            priorityValue.reject("at most " + RouteTable.MAX_PRIORITIES + " different priorities");
        }
        ConfigValue matchValue = section.required("match", "what to match, such as { path-prefix: / }");
        List<RouteMatch> matches = matchValue == null ? List.of() : MatchReader.read(matchValue, priority);
        PathMatch path = matches.isEmpty() ? PathMatch.ALL : matches.get(0).path();
        Pattern regex = path.pattern();
        PathRewrite rewrite = rewrite(section, matches.isEmpty() ? null : path);
        Route.Target target = new TargetReader(upstreams, section, element, regex, rewrite).read();
        RoutePolicy policy =
                PolicyReader.read(section, regex, defaults).rewrite(rewrite).build();
        section.notBuilt("cache", "no cache; responses come from the upstream");
        section.end();
        for (RouteMatch match : matches) {
            Node first = seen.putIfAbsent(match.identity(), section.node());
            if (first != null && matchValue != null) {
                matchValue.problem(
                        "the same match again",
                        "each once; it is " + element.source().place(first, section.node()));
            } else if (target != null) {
                routes.add(new Route(name(element), match, target, policy));
            }
        }
    }

    /** {@code FILE:LINE: routes[N]}. */
    private static String name(ConfigValue element) {
        return element.source().file(element.node()) + ":" + ConfigSource.line(element.node()) + ": " + element.key();
    }

    /**
     * What is done to the path.
     *
     * @param path what the route matches; null if that is not known
     */
    private static PathRewrite rewrite(ConfigSection section, @Nullable PathMatch path) {
        ConfigValue strip = section.optional("strip-prefix");
        ConfigValue add = section.optional("add-prefix");
        ConfigValue template = section.optional("rewrite");
        if (template != null && (strip != null || add != null)) {
            section.keyProblem(
                    "rewrite",
                    String.join(" and ", section.present(REWRITES)) + " together",
                    "rewrite alone, or the others");
        }
        if (template != null) {
            Template read = TemplateReader.read(template, path == null ? null : path.pattern(), REWRITE_EXPECTED);
            if (read != null && path != null && !isPath(read.toString())) {
                template.reject(REWRITE_EXPECTED + "; beginning with a slash or a variable");
            }
            return read == null ? PathRewrite.NONE : PathRewrite.template(read);
        }
        String stripped = strip == null ? null : MatchReader.path(strip);
        if (strip != null && stripped != null && path != null && !isPrefix(stripped, path)) {
            strip.reject("whole segments that all paths of the route begin with; it matches " + path);
        }
        String added = add == null ? null : MatchReader.path(add);
        return PathRewrite.prefix(stripped == null ? "" : stripped, added == null ? "" : added);
    }

    private static boolean isPath(String template) {
        return template.startsWith("/") || template.startsWith("{");
    }

    private static boolean isPrefix(String stripped, PathMatch path) {
        if (path.kind() == PathMatch.Kind.REGEX) {
            return true;
        }
        String segments = stripped.endsWith("/") ? stripped.substring(0, stripped.length() - 1) : stripped;
        return path.text().equals(segments) || path.text().startsWith(segments + "/");
    }
}
