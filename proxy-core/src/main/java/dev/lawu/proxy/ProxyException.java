package dev.lawu.proxy;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Why an exchange, or an attempt of it, failed. Immutable; it has no stack trace of its own (a cause keeps its).
 *
 * <p>{@link #isRetryable()} says whether it is <em>provable</em> that the upstream did not process the request; then another attempt is safe for every method.
 */
public final class ProxyException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final ErrorType type;
    private final ErrorSource source;
    private final boolean retryable;
    private final int status;

    private ProxyException(
            ErrorType type,
            ErrorSource source,
            boolean retryable,
            int status,
            String message,
            @Nullable Throwable cause) {
        super(message, cause, false, false);
        this.type = Objects.requireNonNull(type, "type");
        this.source = Objects.requireNonNull(source, "source");
        this.retryable = retryable;
        this.status = status;
    }

    /** An error of the connection to the client, or of what it sent. */
    public static ProxyException downstream(ErrorType type, String message) {
        return new ProxyException(type, ErrorSource.DOWNSTREAM, false, 0, message, null);
    }

    /** An error of the connection to the peer, or of what it sent. */
    public static ProxyException upstream(ErrorType type, String message, @Nullable Throwable cause) {
        return new ProxyException(type, ErrorSource.UPSTREAM, false, 0, message, cause);
    }

    /** An error of the proxy. */
    public static ProxyException internal(ErrorType type, String message, @Nullable Throwable cause) {
        return new ProxyException(type, ErrorSource.INTERNAL, false, 0, message, cause);
    }

    /**
     * For callbacks: refuses the exchange with this status.
     *
     * @param status 400..599
     */
    public static ProxyException rejected(int status, String message) {
        return new ProxyException(
                ErrorType.REJECTED, ErrorSource.INTERNAL, false, requireStatus(status), message, null);
    }

    private static int requireStatus(int status) {
        if (status < 400 || status > 599) {
            throw new IllegalArgumentException("status: " + status + " (expected: 400..599)");
        }
        return status;
    }

    /** A copy that says that the upstream provably did not process the request. */
    public ProxyException retryable() {
        return new ProxyException(type, source, true, status, message(), getCause());
    }

    /** A copy that is answered with this status unless {@code failToProxy} decides otherwise. Throws {@link IllegalArgumentException} if it is not in 400..599. */
    public ProxyException withStatus(int status) {
        return new ProxyException(type, source, retryable, requireStatus(status), message(), getCause());
    }

    private String message() {
        return Objects.requireNonNullElse(getMessage(), "");
    }

    /** What went wrong. */
    public ErrorType type() {
        return type;
    }

    /** Where it arose. */
    public ErrorSource source() {
        return source;
    }

    /** True if the upstream provably did not process the request. */
    public boolean isRetryable() {
        return retryable;
    }

    /** The status that the client gets by default: 400 and 408 for its own errors, 502 for the upstream's, 504 for its timeouts, 413, 503 or 500 for the proxy's. */
    public int defaultStatus() {
        if (status != 0) {
            return status;
        }
        return switch (source) {
            case DOWNSTREAM ->
                switch (type) {
                    case BODY_TOO_LARGE -> 413;
                    case BODY_TIMEOUT -> 408;
                    default -> 400;
                };
            case UPSTREAM ->
                switch (type) {
                    case CONNECT_TIMEOUT, RESPONSE_HEAD_TIMEOUT, BODY_TIMEOUT, WRITE_TIMEOUT -> 504;
                    case OVERLOAD, POOL_TIMEOUT -> 503;
                    default -> 502;
                };
            case INTERNAL ->
                switch (type) {
                    case BODY_TOO_LARGE -> 413;
                    case OVERLOAD, SHUTDOWN -> 503;
                    case CALLBACK_TIMEOUT -> 504;
                    default -> 500;
                };
        };
    }

    /** {@code UPSTREAM CONNECT: message}. */
    @Override
    @SuppressWarnings("OverrideThrowableToString") // getMessage() stays the bare message, for answers and context
    public String toString() {
        return source + " " + type + ": " + message();
    }
}
