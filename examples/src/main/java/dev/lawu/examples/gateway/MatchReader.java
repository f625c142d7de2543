package dev.lawu.examples.gateway;

import dev.lawu.proxy.http.FieldSyntax;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads what a route matches. Stateless. */
final class MatchReader {
    private static final Pattern HOST = Pattern.compile(
            "(\\*\\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*|\\[[0-9a-f:.]+]");
    private static final String HOST_EXPECTED =
            "a host name without port, such as example.com, or *.example.com for all below it";
    private static final String PATH_EXPECTED =
            "a path such as /api, percent-encoded, without query, fragment or dot segments";

    private MatchReader() {}

    static @Nullable RouteMatch read(ConfigValue value) {
        ConfigSection section = value.section("what to match, such as { path-prefix: / }");
        if (section == null) {
            return null;
        }
        ConfigValue hostValue = section.optional("host");
        ConfigValue exactValue = section.optional("exact");
        ConfigValue prefixValue = section.optional("path-prefix");
        for (String name : new String[] {"regex", "method", "header", "query", "cookie"}) {
            section.notBuilt(name, "host, exact or path-prefix");
        }
        section.end();
        String host = hostValue == null ? "" : host(hostValue);
        String exact = exactValue == null ? null : path(exactValue);
        String prefix = prefixValue == null ? "/" : path(prefixValue);
        if (exactValue != null && prefixValue != null) {
            exactValue.problem("exact and path-prefix together", "one of them");
            return null;
        }
        if (host == null || prefix == null || exactValue != null && exact == null) {
            return null;
        }
        return exact != null ? new RouteMatch(host, exact, true) : new RouteMatch(host, prefix, false);
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

    private static @Nullable String path(ConfigValue value) {
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
}
