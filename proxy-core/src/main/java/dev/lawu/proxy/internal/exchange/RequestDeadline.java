package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.internal.loop.Deadline;
import java.time.Duration;

/** The time that a whole exchange may take, where {@code requestTimeout} gives it one. An exchange object has at most one, for all its requests. */
final class RequestDeadline extends Deadline {
    private final Exchange exchange;
    private final Duration timeout;

    RequestDeadline(Exchange exchange, Duration timeout) {
        super(exchange.loop);
        this.exchange = exchange;
        this.timeout = timeout;
    }

    /** Starts for a request whose first byte came at {@code startedAt}. */
    void start(long startedAt) {
        set(timeout.toNanos() - (exchange.now() - startedAt));
    }

    @Override
    protected void expired() {
        String message = "requestTimeout: the exchange was not over within " + timeout + ", ";
        Attempt attempt = exchange.attempts.current();
        RequestBody body = exchange.body;
        ProxyException cause;
        if (body != null && body.isAwaited()) {
            cause = ProxyException.downstream(
                    ErrorType.REQUEST_TIMEOUT, message + body.received() + " bytes of the request body had come");
        } else if (exchange.response.isHeadSent() && !exchange.down.isWritable()) {
            cause = ProxyException.downstream(
                    ErrorType.REQUEST_TIMEOUT,
                    message + "the client had taken part of " + exchange.response.sentBytes()
                            + " bytes of the response");
        } else if (attempt != null && !attempt.isDone() && attempt.peer() != null) {
            cause = ProxyException.upstream(ErrorType.REQUEST_TIMEOUT, message + attempt + " was going on", null);
        } else {
            cause = ProxyException.internal(
                    ErrorType.REQUEST_TIMEOUT, message + "a callback or a retry's delay was waited for", null);
        }
        exchange.failFromTask(cause);
    }
}
