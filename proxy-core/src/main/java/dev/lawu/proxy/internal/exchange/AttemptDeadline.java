package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.internal.loop.Deadline;

/** The time that an attempt may take up to its final response head, where {@code attemptTimeout} gives it one. */
final class AttemptDeadline extends Deadline {
    private final Exchange exchange;
    private final Attempt attempt;

    AttemptDeadline(Exchange exchange, Attempt attempt) {
        super(exchange.loop);
        this.exchange = exchange;
        this.attempt = attempt;
    }

    @Override
    protected void expired() {
        try {
            attempt.timedOut();
        } catch (RuntimeException | Error e) {
            exchange.engineFailed(e);
        }
    }
}
