package dev.lawu.proxy.http;

import org.jspecify.annotations.Nullable;

/**
 * The head of a response: status, reason, version and fields, whatever protocol it came in. Not thread-safe.
 *
 * <p>Framing ({@code Content-Length}, {@code Transfer-Encoding}) and {@code Connection} are the engine's. A head belongs to its exchange: after {@code logging} every method throws
 * {@link IllegalStateException}.
 */
public final class ResponseHead {
    private final HttpVersion version;
    private final Headers headers;
    private int status;
    private @Nullable String reason;
    private int reasonStart;
    private int reasonLength;
    private @Nullable String upgrade;

    /** Creates a head whose reason phrase stands in the section's array; for codecs. */
    public ResponseHead(HttpVersion version, int status, FieldSection section, int reasonStart, int reasonLength) {
        this.version = version;
        this.status = status;
        this.headers = new Headers(section);
        this.reasonStart = reasonStart;
        this.reasonLength = reasonLength;
    }

    /** Creates an HTTP/1.1 head that belongs to the caller. Throws {@link IllegalArgumentException} if the status is not in 100..999. */
    public static ResponseHead of(int status, String... namesAndValues) {
        return new ResponseHead(
                HttpVersion.HTTP_1_1,
                requireStatus(status),
                Headers.of(namesAndValues).section(),
                0,
                0);
    }

    private static int requireStatus(int status) {
        if (status < 100 || status > 999) {
            throw new IllegalArgumentException("status: " + status + " (expected: 100..999)");
        }
        return status;
    }

    /** The status code. */
    public int status() {
        headers.section();
        return status;
    }

    /** Changes the status code; the reason phrase becomes the usual one. Throws {@link IllegalArgumentException} if it is not in 200..999 or the status was informational. */
    public ResponseHead setStatus(int status) {
        headers.section();
        if (this.status < 200 || status < 200) {
            throw new IllegalArgumentException("status: " + status + " instead of " + this.status
                    + " (expected: a final status instead of a final one)");
        }
        this.status = requireStatus(status);
        this.reason = null;
        this.reasonLength = 0;
        return this;
    }

    /** True for 1xx but 101, which is the last response of HTTP on its connection. */
    public boolean isInformational() {
        return status < 200 && status != 101;
    }

    /** The reason phrase as it came (HTTP/1.x), or the usual one of the status; may be empty. */
    public String reason() {
        FieldSection section = headers.section();
        String r = reason;
        if (r == null) {
            r = reasonLength > 0 ? section.latin1(reasonStart, reasonLength) : Status.reason(status);
            reason = r;
        }
        return r;
    }

    /** The version it was received in. */
    public HttpVersion version() {
        return version;
    }

    /** The protocol that a 101 switches to; null otherwise. */
    public @Nullable String upgrade() {
        return upgrade;
    }

    /** Says which protocol a 101 switches to; for codecs. Throws {@link IllegalArgumentException} if it could not stand in a field. */
    public ResponseHead setUpgrade(@Nullable String upgrade) {
        this.upgrade = upgrade == null ? null : FieldSyntax.requireValue("Upgrade", upgrade);
        return this;
    }

    /** The fields. */
    public Headers headers() {
        return headers;
    }

    /** A copy that belongs to the caller and outlives the exchange. */
    public ResponseHead copy() {
        return copyInto(
                new FieldSection(headers.section().end() + 64, headers.section().slots() + 4));
    }

    /** A copy whose fields are stored in {@code section}; for the engine. */
    public ResponseHead copyInto(FieldSection section) {
        section.copyFrom(headers.section());
        ResponseHead copy = new ResponseHead(version, status, section, reasonStart, reasonLength);
        copy.reason = reason;
        copy.upgrade = upgrade;
        return copy;
    }

    /** Where the reason phrase stands in the section's array; for codecs. The length is 0 if it is the usual one of the status. */
    public int reasonStart() {
        return reasonStart;
    }

    /** See {@link #reasonStart()}. */
    public int reasonLength() {
        return reasonLength;
    }

    /** Version and status, safe in a log line. */
    @Override
    public String toString() {
        return version + " " + status;
    }
}
