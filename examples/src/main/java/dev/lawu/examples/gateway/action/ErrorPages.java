package dev.lawu.examples.gateway.action;

import dev.lawu.proxy.http.Headers;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What clients see instead of short error texts. Immutable.
 *
 * @param pages by status; 4 and 5 stand for all of their hundred that have no page of their own
 * @param forUpstream whether error answers of upstreams are replaced too
 */
public record ErrorPages(Map<Integer, Page> pages, boolean forUpstream) {
    /** Replaces nothing. */
    public static final ErrorPages NONE = new ErrorPages(Map.of(), false);

    /** What of an error answer means something beside its text. */
    private static final List<String> KEPT =
            List.of("WWW-Authenticate", "Proxy-Authenticate", "Retry-After", "Allow", "Content-Range", "Vary");

    /** A body; not to be changed. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Page(String contentType, byte[] body) {}

    public ErrorPages {
        pages = Map.copyOf(pages);
    }

    /** The page for this status; null if there is none. */
    public @Nullable Page find(int status) {
        if (status < 400 || pages.isEmpty()) {
            return null;
        }
        Page page = pages.get(status);
        return page == null ? pages.get(status / 100) : page;
    }

    /** The fields of an answer with this page in place of its body: the page's own, and what of the original says more than its text did. */
    public static Headers fields(Page page, Headers original) {
        Headers headers =
                Headers.create().add("Content-Type", page.contentType()).add("Cache-Control", "no-store");
        for (String name : KEPT) {
            original.getAll(name).forEach(value -> headers.add(name, value));
        }
        return headers;
    }
}
