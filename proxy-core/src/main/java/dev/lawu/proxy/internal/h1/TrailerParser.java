package dev.lawu.proxy.internal.h1;

import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.http.FieldName;
import dev.lawu.proxy.http.FieldSection;
import dev.lawu.proxy.internal.loop.SectionPool;
import java.util.HashMap;
import java.util.Map;

/**
 * Reads the trailer section of a chunked body (RFC 9112, section 7.1.2). Fields that frame or route a message, say how to read its content, authenticate, or control its handling must not come that
 * late (RFC 9110, section 6.5.1): whoever merges trailers into the head could be made to believe them.
 */
final class TrailerParser extends FieldParser {
    private static final Map<Integer, FieldName> FORBIDDEN = new HashMap<>();

    static {
        for (String name : new String[] {
            "Age",
            "Authorization",
            "Cache-Control",
            "Connection",
            "Content-Encoding",
            "Content-Length",
            "Content-Range",
            "Content-Type",
            "Cookie",
            "Date",
            "Expect",
            "Expires",
            "Forwarded",
            "Host",
            "If-Match",
            "If-Modified-Since",
            "If-None-Match",
            "If-Range",
            "If-Unmodified-Since",
            "Keep-Alive",
            "Location",
            "Max-Forwards",
            "Pragma",
            "Proxy-Authenticate",
            "Proxy-Authentication-Info",
            "Proxy-Authorization",
            "Proxy-Connection",
            "Range",
            "Retry-After",
            "Set-Cookie",
            "TE",
            "Trailer",
            "Transfer-Encoding",
            "Upgrade",
            "Vary",
            "Via",
            "Warning",
            "WWW-Authenticate",
            "X-Forwarded-For",
            "X-Forwarded-Host",
            "X-Forwarded-Proto"
        }) {
            FieldName field = FieldName.of(name);
            if (FORBIDDEN.put(field.hash(), field) != null) {
                throw new IllegalStateException("two forbidden trailers have the hash of " + name);
            }
        }
    }

    TrailerParser(SectionPool sections, ProxyOptions options) {
        super(sections, options.maxTrailers(), -1, options.maxFields());
    }

    @Override
    int startLine(byte[] bytes, int position, int end) {
        throw new IllegalStateException("trailers have no start line");
    }

    @Override
    Refusal startLineTooLong(int limit) {
        throw new IllegalStateException("trailers have no start line");
    }

    @Override
    void field(FieldSection s, int i, int hash) throws Refusal {
        FieldName forbidden = FORBIDDEN.get(hash);
        if (forbidden != null && forbidden.matches(s.array(), s.nameStart(i), s.nameLength(i))) {
            throw Refusal.badRequest(
                    "forbidden-trailer",
                    "trailer " + forbidden
                            + " (expected: no fields of framing, routing, content or authentication, RFC 9110 section 6.5.1)");
        }
    }
}
