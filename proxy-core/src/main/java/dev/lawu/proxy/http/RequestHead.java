package dev.lawu.proxy.http;

import org.jspecify.annotations.Nullable;

/**
 * The head of a request: method, target, version and fields, whatever protocol it came in. Not thread-safe.
 *
 * <p>The client's own head ({@code session.request()}) may be edited in the request phases, which changes what is sent upstream too; {@code upstreamRequestFilter} gets a copy that only the origin
 * sees. The authority is always in {@code Host}, also when it came as {@code :authority}, so a filter edits one place for every protocol. Framing ({@code Content-Length},
 * {@code Transfer-Encoding}) and {@code Connection} are the engine's: what a filter writes there is not sent.
 *
 * <p>A head belongs to its exchange: after {@code logging} every method throws {@link IllegalStateException}.
 */
public final class RequestHead {
    private final HttpVersion version;
    private final Headers headers;
    private String method;
    private @Nullable String target;
    private int targetStart;
    private int targetLength;
    private @Nullable String scheme;
    private @Nullable String upgrade;

    /** Creates a head whose target stands in the section's array; for codecs. */
    public RequestHead(HttpVersion version, String method, FieldSection section, int targetStart, int targetLength) {
        this.version = version;
        this.method = method;
        this.headers = new Headers(section);
        this.targetStart = targetStart;
        this.targetLength = targetLength;
    }

    /**
     * Creates an HTTP/1.1 head that belongs to the caller, for tests and subrequests.
     *
     * @throws IllegalArgumentException if the method is not a token or the target could not stand in a request line
     */
    public static RequestHead of(String method, String target, String... namesAndValues) {
        if (!FieldSyntax.isToken(method)) {
            throw new IllegalArgumentException("method: " + FieldSyntax.quote(method) + " (expected: a token)");
        }
        Headers headers = Headers.of(namesAndValues);
        RequestHead head = new RequestHead(HttpVersion.HTTP_1_1, method, headers.section(), 0, 0);
        head.target = FieldSyntax.requireTarget(target);
        return head;
    }

    /** The method, in the case it came in (methods are case-sensitive, RFC 9110 section 9.1). */
    public String method() {
        headers.section();
        return method;
    }

    /** Changes the method. Throws {@link IllegalArgumentException} if it is not a token. */
    public RequestHead setMethod(String method) {
        if (!FieldSyntax.isToken(method)) {
            throw new IllegalArgumentException("method: " + FieldSyntax.quote(method) + " (expected: a token)");
        }
        headers.section();
        this.method = method;
        return this;
    }

    /** The request target as it is sent: origin form ({@code /path?query}), {@code *} or, for CONNECT, {@code host:port}. An absolute form was reduced to its origin form on arrival. */
    public String target() {
        FieldSection section = headers.section();
        String t = target;
        if (t == null) {
            t = section.latin1(targetStart, targetLength);
            target = t;
        }
        return t;
    }

    /** Changes the target. Throws {@link IllegalArgumentException} if it could not stand in a request line. */
    public RequestHead setTarget(String target) {
        headers.section();
        this.target = FieldSyntax.requireTarget(target);
        this.targetLength = 0;
        return this;
    }

    /** The target without its query; as it came, percent-encoding and dot segments included. */
    public String path() {
        String t = target();
        int question = t.indexOf('?');
        return question < 0 ? t : t.substring(0, question);
    }

    /** What follows the first {@code ?} of the target; null if there is none. */
    public @Nullable String query() {
        String t = target();
        int question = t.indexOf('?');
        return question < 0 ? null : t.substring(question + 1);
    }

    /** The value of {@code Host}: host and, if given, port; null if there is none (HTTP/1.0). */
    public @Nullable String authority() {
        return headers.get(FieldName.HOST);
    }

    /** The version it was received in. */
    public HttpVersion version() {
        return version;
    }

    /** The scheme that came with the request ({@code :scheme} or an absolute form); null in the common case of HTTP/1.x, where the connection tells it. */
    public @Nullable String scheme() {
        return scheme;
    }

    /** Says which scheme came with the request; for codecs. */
    public RequestHead setScheme(@Nullable String scheme) {
        this.scheme = scheme;
        return this;
    }

    /** The protocol that the client asks to switch to: the value of {@code Upgrade} (RFC 9110, section 7.8) or of {@code :protocol} (RFC 8441); null if it asks for none. */
    public @Nullable String upgrade() {
        return upgrade;
    }

    /** Says which protocol is asked for; null makes this an ordinary request. Throws {@link IllegalArgumentException} if it could not stand in a field. */
    public RequestHead setUpgrade(@Nullable String upgrade) {
        this.upgrade = upgrade == null ? null : FieldSyntax.requireValue("Upgrade", upgrade);
        return this;
    }

    /** The fields. */
    public Headers headers() {
        return headers;
    }

    /** True for the methods that RFC 9110 section 9.2.2 calls idempotent: GET, HEAD, PUT, DELETE, OPTIONS and TRACE. */
    public boolean isIdempotent() {
        return switch (method()) {
            case "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE" -> true;
            default -> false;
        };
    }

    /** A copy that belongs to the caller and outlives the exchange. */
    public RequestHead copy() {
        return copyInto(
                new FieldSection(headers.section().end() + 64, headers.section().slots() + 4));
    }

    /** A copy whose fields are stored in {@code section}; for the engine. */
    public RequestHead copyInto(FieldSection section) {
        section.copyFrom(headers.section());
        RequestHead copy = new RequestHead(version, method, section, targetStart, targetLength);
        copy.target = target;
        copy.scheme = scheme;
        copy.upgrade = upgrade;
        return copy;
    }

    /** Where the target stands in the section's array; for codecs. The length is 0 if the target was edited: then {@link #target()} has it. */
    public int targetStart() {
        return targetStart;
    }

    /** See {@link #targetStart()}. */
    public int targetLength() {
        return targetLength;
    }

    /** Method, target and version, safe in a log line. */
    @Override
    public String toString() {
        return method + " " + (headers.isRetired() ? "(ended)" : target()) + " " + version;
    }
}
