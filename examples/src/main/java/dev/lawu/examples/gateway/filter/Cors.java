package dev.lawu.examples.gateway.filter;

import dev.lawu.examples.gateway.action.RequestVariables;
import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.http.Headers;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Tells browsers which other sites' pages may ask (the Fetch standard's CORS protocol): answers preflight requests, and marks responses. What an upstream says about it is replaced.
 *
 * <p>It is for browsers to obey; it keeps no other client out.
 */
public final class Cors implements RequestCheck {
    private static final List<String> UPSTREAMS_OWN =
            List.of("Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Expose-Headers");
    private static final FilterResult FORBIDDEN = FilterResult.respond(
            LocalResponse.of(403).header("Vary", "Origin").text("403 Forbidden: not from this origin\n"));

    private final Options options;

    /**
     * Who may do what.
     *
     * @param origins {@code https://app.example.com}, {@code https://*.example.com} for every name below, or {@code *} for all
     * @param methods beside GET, HEAD and POST, which need no leave
     * @param headers the fields that a page may set; {@code *} for all
     * @param exposed the fields that a page may read beside the usual ones
     * @param credentials whether cookies and passwords come along; not with every origin
     * @param maxAge how long a browser need not ask again
     */
    public record Options(
            List<String> origins,
            List<String> methods,
            List<String> headers,
            List<String> exposed,
            boolean credentials,
            Duration maxAge) {
        public Options {
            origins = List.copyOf(origins);
            methods = List.copyOf(methods);
            headers = List.copyOf(headers);
            exposed = List.copyOf(exposed);
            if (credentials && origins.contains("*")) {
                throw new IllegalArgumentException("credentials for origin * (expected: origins by name)");
            }
        }
    }

    /** With these options. */
    public Cors(Options options) {
        this.options = options;
    }

    @Override
    public FilterResult check(RequestVariables variables) {
        Headers request = variables.request().headers();
        String asked = request.get("Access-Control-Request-Method");
        if (asked == null || !variables.request().method().equals("OPTIONS") || !request.contains("Origin")) {
            return FilterResult.proceed();
        }
        if (allowedOrigin(request) == null) {
            return FORBIDDEN;
        }
        LocalResponse preflight = LocalResponse.of(204)
                .header("Access-Control-Allow-Methods", join(options.methods(), "GET, HEAD, POST"))
                .header("Access-Control-Max-Age", Long.toString(options.maxAge().toSeconds()));
        String headers = request.get("Access-Control-Request-Headers");
        if (headers != null && !options.headers().isEmpty()) {
            // "*" does not cover Authorization, and means nothing where credentials come along.
            preflight = preflight.header(
                    "Access-Control-Allow-Headers",
                    options.headers().contains("*") ? headers : String.join(", ", options.headers()));
        }
        return FilterResult.respond(preflight.header("Vary", "Access-Control-Request-Headers"));
    }

    private static String join(List<String> more, String usual) {
        return more.isEmpty() ? usual : usual + ", " + String.join(", ", more);
    }

    /** Marks a response. */
    public void mark(Headers response, RequestVariables variables) {
        UPSTREAMS_OWN.forEach(response::remove);
        boolean isForAll = options.origins().contains("*");
        if (!isForAll) {
            response.add("Vary", "Origin");
        }
        String origin = allowedOrigin(variables.request().headers());
        if (origin == null) {
            return;
        }
        response.set("Access-Control-Allow-Origin", isForAll ? "*" : origin);
        if (options.credentials()) {
            response.set("Access-Control-Allow-Credentials", "true");
        }
        if (!options.exposed().isEmpty()) {
            response.set("Access-Control-Expose-Headers", String.join(", ", options.exposed()));
        }
    }

    private @Nullable String allowedOrigin(Headers request) {
        String origin = request.get("Origin");
        if (origin == null) {
            return null;
        }
        String lower = origin.toLowerCase(Locale.ROOT);
        for (String allowed : options.origins()) {
            int star = allowed.indexOf('*');
            boolean isBelow = star > 0
                    && lower.startsWith(allowed.substring(0, star))
                    && lower.endsWith(allowed.substring(star + 1))
                    && lower.length() > allowed.length() - 1
                    && lower.indexOf('/', star) < 0;
            if (isBelow || allowed.equals("*") || allowed.equals(lower)) {
                return origin;
            }
        }
        return null;
    }
}
