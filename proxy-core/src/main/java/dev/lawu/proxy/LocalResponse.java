package dev.lawu.proxy;

import dev.lawu.proxy.http.Headers;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * A response that the proxy makes itself. Immutable: each method returns a changed copy. One with a fixed body may be a constant; one with a stream or a producer serves one exchange.
 *
 * <p>It passes the response filters like any other. {@code Content-Length} comes from the body, {@code Date} is added; for HEAD, 204 and 304 the body is not sent.
 */
public final class LocalResponse {
    private static final byte[] NONE = {};

    private final int status;
    private final Headers headers;
    private final byte[] body;
    private final @Nullable BodyProducer producer;
    private final @Nullable Callable<? extends InputStream> stream;
    private final long length;
    private final boolean close;

    private LocalResponse(
            int status,
            Headers headers,
            byte[] body,
            @Nullable BodyProducer producer,
            @Nullable Callable<? extends InputStream> stream,
            long length,
            boolean close) {
        this.status = status;
        this.headers = headers;
        this.body = body;
        this.producer = producer;
        this.stream = stream;
        this.length = length;
        this.close = close;
    }

    /** A response without a body. Throws {@link IllegalArgumentException} if the status is not in 200..999. */
    public static LocalResponse of(int status) {
        if (status < 200 || status > 999) {
            throw new IllegalArgumentException("status: " + status + " (expected: 200..999)");
        }
        return new LocalResponse(status, Headers.create(), NONE, null, null, 0, false);
    }

    /** A copy with one more field. Throws {@link IllegalArgumentException} for an invalid name or value. */
    public LocalResponse header(String name, String value) {
        return new LocalResponse(status, headers.copy().add(name, value), body, producer, stream, length, close);
    }

    /** A copy with this body; the array must not be changed any more. */
    public LocalResponse body(byte[] body) {
        return new LocalResponse(status, headers, Objects.requireNonNull(body, "body"), null, null, body.length, close);
    }

    /** A copy with this text as its body, in UTF-8, and {@code Content-Type: text/plain; charset=utf-8} unless a type is set. */
    public LocalResponse text(String text) {
        LocalResponse response = body(text.getBytes(StandardCharsets.UTF_8));
        return headers.contains("Content-Type")
                ? response
                : response.header("Content-Type", "text/plain; charset=utf-8");
    }

    /** A copy whose body is made as the client takes it, of a length that is not known. */
    public LocalResponse body(BodyProducer producer) {
        return body(producer, -1);
    }

    /** A copy whose body is made as the client takes it and is exactly {@code length} bytes long; -1 if that is not known. */
    public LocalResponse body(BodyProducer producer, long length) {
        return new LocalResponse(
                status, headers, NONE, Objects.requireNonNull(producer, "producer"), null, Math.max(length, -1), close);
    }

    /**
     * A copy whose body is read from a stream, which is opened, read and closed on the proxy's blocking executor, as the client takes it; not opened at all for HEAD, 204 and 304.
     *
     * <p>If the executor's queue is full, or opening or reading fails, the response is reset and no error answer is given, since the head may have been sent.
     *
     * @param length in bytes; -1 if it is not known
     */
    public LocalResponse stream(Callable<? extends InputStream> open, long length) {
        return new LocalResponse(
                status, headers, NONE, null, Objects.requireNonNull(open, "open"), Math.max(length, -1), close);
    }

    /** A copy after which the client's connection is closed (HTTP/1.x). */
    public LocalResponse close() {
        return new LocalResponse(status, headers, body, producer, stream, length, true);
    }

    /** The status, 200..999. */
    public int status() {
        return status;
    }

    /** A copy of the fields. */
    public Headers headers() {
        return headers.copy();
    }

    /** The fixed body; empty if there is none or it is produced. Not to be changed. */
    public byte[] fixedBody() {
        return body;
    }

    /** The producer; null if the body is fixed or a stream. */
    public @Nullable BodyProducer producer() {
        return producer;
    }

    /** What opens the stream; null if the body is fixed or produced. */
    public @Nullable Callable<? extends InputStream> streamSource() {
        return stream;
    }

    /** The length of the body; -1 if it is not known. */
    public long length() {
        return length;
    }

    /** True if the client's connection is closed afterwards. */
    public boolean closesConnection() {
        return close;
    }

    @Override
    public String toString() {
        return "LocalResponse " + status;
    }
}
