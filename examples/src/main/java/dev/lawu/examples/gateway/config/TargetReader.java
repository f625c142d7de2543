package dev.lawu.examples.gateway.config;

import com.google.re2j.Pattern;
import dev.lawu.examples.gateway.action.FixedResponse;
import dev.lawu.examples.gateway.action.PathRewrite;
import dev.lawu.examples.gateway.action.Redirect;
import dev.lawu.examples.gateway.action.Template;
import dev.lawu.examples.gateway.files.StaticFiles;
import dev.lawu.examples.gateway.proxy.Route.Forward;
import dev.lawu.examples.gateway.proxy.Route.Local;
import dev.lawu.examples.gateway.proxy.Route.Share;
import dev.lawu.examples.gateway.proxy.Route.Target;
import dev.lawu.examples.gateway.proxy.Upstream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** Reads what requests of a route get: exactly one of an upstream, several, a redirect, a fixed response and files. */
final class TargetReader {
    private static final List<String> TARGETS = List.of("upstream", "split", "redirect", "respond", "files");
    private static final String TARGET_EXPECTED = "one of " + String.join(", ", TARGETS);
    private static final String STATUSES = "one of 301, 302, 303, 307, 308";
    private static final String LOCATION =
            "where to, such as https://{host}{uri} or /new/{regex.1}, in visible characters";

    private final UpstreamReader upstreams;
    private final ConfigSection route;
    private final ConfigValue routeValue;
    private final @Nullable Pattern regex;
    private final PathRewrite rewrite;

    TargetReader(
            UpstreamReader upstreams,
            ConfigSection route,
            ConfigValue routeValue,
            @Nullable Pattern regex,
            PathRewrite rewrite) {
        this.upstreams = upstreams;
        this.route = route;
        this.routeValue = routeValue;
        this.regex = regex;
        this.rewrite = rewrite;
    }

    @Nullable
    Target read() {
        ConfigValue upstream = route.optional("upstream");
        ConfigValue split = route.optional("split");
        ConfigValue redirect = route.optional("redirect");
        ConfigValue respond = route.optional("respond");
        ConfigValue files = route.optional("files");
        List<String> present = route.present(TARGETS);
        if (present.isEmpty()) {
            routeValue.source().problem(route.node(), routeValue.key() + ".upstream", "nothing", TARGET_EXPECTED);
            return null;
        }
        if (present.size() > 1) {
            route.keyProblem(present.get(1), String.join(" and ", present) + " together", TARGET_EXPECTED);
        }
        if (upstream == null && split == null) {
            refuse(PolicyReader.UPSTREAM_ONLY, "upstream or split", present.get(0));
        }
        if (redirect != null || respond != null) {
            refuse(List.of("strip-prefix", "add-prefix", "rewrite"), "upstream, split or files", present.get(0));
        }
        if (upstream != null) {
            Upstream found = upstreams.find(upstream);
            return found == null ? null : new Forward(List.of(new Share(found, 1)));
        }
        if (split != null) {
            return split(split);
        }
        if (redirect != null) {
            return redirect(redirect);
        }
        return respond != null ? respond(respond) : files == null ? null : files(files);
    }

    private void refuse(List<String> keys, String expected, String found) {
        for (String key : route.present(keys)) {
            route.keyProblem(key, "it with " + found, "it with " + expected + " only");
        }
    }

    private @Nullable Target split(ConfigValue value) {
        String expected = "a list such as [{ upstream: blue, weight: 90 }, { upstream: green, weight: 10 }]";
        List<Share> shares = new ArrayList<>();
        boolean complete = true;
        for (ConfigValue element : value.nonEmptyList(expected)) {
            ConfigSection section = element.section("an upstream and its weight");
            if (section == null) {
                complete = false;
                continue;
            }
            ConfigValue name = section.required("upstream", "the name of an upstream");
            Upstream upstream = name == null ? null : upstreams.find(name);
            int weight = section.integer("weight", 0, 1_000_000, 1);
            section.end();
            complete &= upstream != null;
            if (upstream != null) {
                shares.add(new Share(upstream, weight));
            }
        }
        if (complete && !shares.isEmpty() && shares.stream().allMatch(share -> share.weight() == 0)) {
            value.problem("weights that are all 0", "one that is more");
            return null;
        }
        return complete && !shares.isEmpty() ? new Forward(shares) : null;
    }

    private @Nullable Target redirect(ConfigValue value) {
        ConfigSection section = value.section("a mapping such as { to: https://www.example.com{uri}, status: 308 }");
        if (section == null) {
            return null;
        }
        ConfigValue to = section.required("to", LOCATION);
        Template location = to == null ? null : TemplateReader.read(to, regex, LOCATION);
        if (to != null && location != null && location.toString().isBlank()) {
            to.reject(LOCATION);
        }
        int status = section.integer("status", 300, 399, 302);
        ConfigValue statusValue = section.optional("status");
        if (!Redirect.STATUSES.contains(status) && statusValue != null) {
            statusValue.reject(STATUSES);
            status = 302;
        }
        section.end();
        return location == null ? null : new Local(new Redirect(location, status), true);
    }

    private static @Nullable Target respond(ConfigValue value) {
        ConfigSection section = value.section("a mapping such as { status: 200, body: TEXT }");
        if (section == null) {
            return null;
        }
        int status = section.integer("status", 200, 599, 200);
        String body = section.text("body", "a text", "");
        String type = PolicyReader.contentType(section, "text/plain; charset=utf-8");
        section.end();
        return new Local(new FixedResponse(status, type, body), true);
    }

    private @Nullable Target files(ConfigValue value) {
        ConfigSection section = value.section("a mapping such as { root: /var/www }");
        if (section == null) {
            return null;
        }
        String expected = "a directory, relative to that of the file";
        ConfigValue rootValue = section.required("root", expected);
        Path root = rootValue == null ? null : rootValue.path(expected);
        if (rootValue != null && root != null && !Files.isDirectory(root)) {
            rootValue.reject(expected + "; there is none");
        }
        List<String> index =
                section.texts("index", "a list of names", "a name such as index.html", List.of("index.html"));
        ConfigValue indexValue = section.optional("index");
        if (indexValue != null && index.stream().anyMatch(name -> !isName(name))) {
            indexValue.problem("a name with a slash, or none", "names such as index.html");
        }
        String fallback = section.text("fallback", "a file below root, such as index.html", "");
        ConfigValue fallbackValue = section.optional("fallback");
        if (fallbackValue != null && (fallback.startsWith("/") || fallback.contains(".."))) {
            fallbackValue.reject("a file below root, such as index.html");
        }
        boolean showsHidden = section.bool("hidden-files", false);
        Map<String, String> types = types(section.optional("types"));
        section.end();
        return root == null
                ? null
                : new Local(
                        new StaticFiles(
                                new StaticFiles.Options(root, index, fallback, showsHidden, types),
                                rewrite,
                                () -> ThreadLocalRandom.current().nextLong()),
                        false);
    }

    private static boolean isName(String name) {
        return !name.isEmpty() && name.indexOf('/') < 0 && name.indexOf('\0') < 0 && !name.equals("..");
    }

    private static Map<String, String> types(@Nullable ConfigValue value) {
        Map<String, String> types = new LinkedHashMap<>();
        ConfigSection section = value == null
                ? null
                : value.section("a mapping from the ends of names to types, such as { ics: text/calendar }");
        if (section != null) {
            section.all().forEach((end, element) -> {
                String type = element.text("a content type such as text/calendar");
                if (type != null && type.indexOf('/') > 0 && TemplateReader.isFieldValue(type)) {
                    types.put(end, type);
                } else if (type != null) {
                    element.reject("a content type such as text/calendar");
                }
            });
        }
        return types;
    }
}
