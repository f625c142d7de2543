package dev.lawu.examples.gateway.filter;

import dev.lawu.proxy.http.Headers;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What browsers are told to be careful about. A field that the response has already is left as it is. Immutable.
 *
 * @param fields values by name; empty ones are left out. {@code Strict-Transport-Security} goes over HTTPS only (RFC 6797, section 7.2)
 */
public record SecurityHeaders(Map<String, String> fields) {
    /** The name of the field that is for HTTPS only. */
    public static final String HSTS = "Strict-Transport-Security";

    /** Every field, in order, with what it says unless it is told otherwise; the empty ones depend on the site too much. */
    public static final Map<String, String> DEFAULTS = defaults();

    private static Map<String, String> defaults() {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put(HSTS, "max-age=31536000");
        fields.put("X-Content-Type-Options", "nosniff");
        fields.put("X-Frame-Options", "SAMEORIGIN");
        fields.put("Referrer-Policy", "strict-origin-when-cross-origin");
        fields.put("Content-Security-Policy", "");
        fields.put("Permissions-Policy", "");
        return Collections.unmodifiableMap(fields);
    }

    public SecurityHeaders {
        fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
    }

    /** Adds what is missing. */
    public void mark(Headers response, String scheme) {
        fields.forEach((name, value) -> {
            boolean isForScheme = !name.equals(HSTS) || scheme.equals("https");
            if (!value.isEmpty() && isForScheme && !response.contains(name)) {
                response.set(name, value);
            }
        });
    }
}
