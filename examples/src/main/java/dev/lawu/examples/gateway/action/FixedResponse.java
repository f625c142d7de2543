package dev.lawu.examples.gateway.action;

import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.LocalResponse;

/** Always the same response. */
public final class FixedResponse implements Answer {
    private final FilterResult result;

    /** Throws {@link IllegalArgumentException} if the status is not in 200..999. */
    public FixedResponse(int status, String contentType, String body) {
        LocalResponse response = LocalResponse.of(status);
        if (!body.isEmpty()) {
            response = response.header("Content-Type", contentType).text(body);
        }
        result = FilterResult.respond(response);
    }

    @Override
    public FilterResult answer(RequestVariables variables) {
        return result;
    }
}
