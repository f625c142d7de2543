package dev.lawu.examples.gateway.action;

import dev.lawu.examples.gateway.route.RequestPath;
import dev.lawu.proxy.http.FieldSyntax;
import dev.lawu.proxy.http.RequestHead;
import org.jspecify.annotations.Nullable;

/** Changes the path on its way to the upstream. Immutable. */
public final class PathRewrite {
    /** Leaves the path as it came. */
    public static final PathRewrite NONE = new PathRewrite("", "", null);

    private final String removed;
    private final String added;
    private final @Nullable Template template;

    private PathRewrite(String removed, String added, @Nullable Template template) {
        this.removed = removed;
        this.added = added;
        this.template = template;
    }

    /**
     * Takes a prefix of whole segments away, where a path has it, and puts another one in front.
     *
     * @param removed such as {@code /api}; empty to take nothing away
     * @param added such as {@code /v2}; empty to add nothing
     */
    public static PathRewrite prefix(String removed, String added) {
        return new PathRewrite(withoutSlash(removed), withoutSlash(added), null);
    }

    private static String withoutSlash(String prefix) {
        return prefix.endsWith("/") ? prefix.substring(0, prefix.length() - 1) : prefix;
    }

    /** Makes the path by a template; the query stays, unless the template has one. */
    public static PathRewrite template(Template template) {
        return new PathRewrite("", "", template);
    }

    /** True if nothing is changed. */
    public boolean isNone() {
        return template == null && removed.isEmpty() && added.isEmpty();
    }

    /** The target with its path rewritten; null if that gives no path that could be sent on. */
    public @Nullable String rewrite(RequestVariables variables) {
        RequestHead request = variables.request();
        String target = request.target();
        if (isNone() || !target.startsWith("/")) {
            return target;
        }
        String query = request.query();
        String rewritten = template == null ? added + strip(request.path()) : template.expand(variables);
        if (query != null && rewritten.indexOf('?') < 0) {
            rewritten = rewritten + "?" + query;
        }
        return isTarget(rewritten) ? rewritten : null;
    }

    /** The path without the prefix that is taken away; begins with a slash. */
    public String strip(String path) {
        if (removed.isEmpty()) {
            return path;
        }
        String decoded = RequestPath.decodeUnreserved(path);
        if (!decoded.startsWith(removed)) {
            return path;
        }
        if (decoded.length() == removed.length()) {
            return "/";
        }
        return decoded.charAt(removed.length()) == '/' ? decoded.substring(removed.length()) : path;
    }

    private static boolean isTarget(String target) {
        for (int i = 0; i < target.length(); i++) {
            if (target.charAt(i) > 0x7F || !FieldSyntax.isTarget((byte) target.charAt(i))) {
                return false;
            }
        }
        // Parts of a path that were harmless by themselves may have become a dot segment.
        return target.startsWith("/") && !RequestPath.hasDotSegment(target, RequestPath.end(target));
    }
}
