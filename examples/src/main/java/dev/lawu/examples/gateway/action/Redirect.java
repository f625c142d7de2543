package dev.lawu.examples.gateway.action;

import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.LocalResponse;
import java.util.List;

/**
 * Sends the client elsewhere.
 *
 * @param location where to
 * @param status one of {@link #STATUSES}
 */
public record Redirect(Template location, int status) implements Answer {
    /** The statuses that redirect (RFC 9110, section 15.4). */
    public static final List<Integer> STATUSES = List.of(301, 302, 303, 307, 308);

    private static final FilterResult NO_HOST = FilterResult.respond(
            LocalResponse.of(400).text("400 Bad Request: without a Host there is nowhere to redirect to\n"));

    public Redirect {
        if (!STATUSES.contains(status)) {
            throw new IllegalArgumentException("status: " + status + " (expected: one of " + STATUSES + ")");
        }
    }

    @Override
    public FilterResult answer(RequestVariables variables) {
        String to = location.expand(variables);
        // A path that begins with two slashes would be another host; only the template may mean one.
        if (to.startsWith("//") && !location.toString().startsWith("//")) {
            int end = 0;
            while (end < to.length() && to.charAt(end) == '/') {
                end++;
            }
            to = to.substring(end - 1);
        }
        if (to.contains(":///")) {
            return NO_HOST;
        }
        return FilterResult.respond(LocalResponse.of(status).header("Location", to));
    }
}
