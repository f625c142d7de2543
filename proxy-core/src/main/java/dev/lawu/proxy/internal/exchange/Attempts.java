package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.RetryDecision;
import dev.lawu.proxy.Retryability;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The attempts of one exchange, one after the other: starts them, and decides what follows when one fails.
 *
 * <p>Another attempt is made only if the proxy wants one and it is safe: no response has begun, the whole request body is at hand, attempts are left, the request is idempotent, provably
 * unprocessed, never sent, or allowed to be sent again, and the loop's {@link RetryBudget} allows it.
 */
final class Attempts {
    private static final Logger logger = LoggerFactory.getLogger("dev.lawu.proxy");

    private final Exchange exchange;
    private @Nullable Attempt current;
    private boolean replayAllowed;
    private @Nullable Future<?> waiting; // for the time of the next attempt
    private @Nullable String refusal; // why an attempt that the proxy wanted was not made

    Attempts(Exchange exchange) {
        this.exchange = exchange;
    }

    void reset() {
        current = null;
        replayAllowed = false;
        refusal = null;
        stopWaiting();
    }

    private void stopWaiting() {
        Future<?> next = waiting;
        if (next != null) {
            waiting = null;
            next.cancel(false);
        }
    }

    /** The last attempt; null before the first. */
    @Nullable
    Attempt current() {
        return current;
    }

    void allowReplay() {
        replayAllowed = true;
    }

    /** Starts the next attempt; {@code fresh} if it must not use a pooled connection. */
    void next(boolean fresh) {
        Attempt before = current;
        Attempt next = new Attempt(exchange, before == null ? 1 : before.number() + 1, fresh);
        current = next;
        next.start();
    }

    /** An attempt says that it has failed. */
    void failed(Attempt failed, ProxyException cause, boolean connected) {
        if (exchange.isEnded() || failed != current) {
            return;
        }
        if (exchange.response.isStarted() || exchange.isFailing() || failed.hasFinalHead() || exchange.isClientGone()) {
            exchange.fail(cause);
            return;
        }
        exchange.response.forgetInterim();
        RetryDecision decision;
        try {
            decision = ask(failed, cause, connected);
        } catch (ProxyException e) {
            exchange.fail(e);
            return;
        }
        if (!(decision instanceof RetryDecision.Retry retry)) {
            exchange.fail(cause);
            return;
        }
        refusal = refusal(failed, cause);
        if (refusal == null) {
            exchange.engineLoop.counters.retried();
            // Others in the pool may be as dead as this one.
            boolean fresh = connected && failed.isConnectionReused();
            logger.debug("attempt {} failed and is followed by another: {}", failed.number(), cause.toString());
            if (retry.delay().isZero()) {
                next(fresh);
            } else {
                waiting = exchange.loop
                        .loop()
                        .schedule(() -> delayed(failed, fresh), retry.delay().toNanos(), TimeUnit.NANOSECONDS);
            }
        } else {
            exchange.fail(cause);
        }
    }

    private RetryDecision ask(Attempt failed, ProxyException cause, boolean connected) {
        PhaseTable table = exchange.engine.table;
        return exchange.callbacks.ask(
                connected ? Phase.ERROR_WHILE_PROXY : Phase.FAIL_TO_CONNECT,
                table.proxyParticipant(),
                (s, state) -> connected
                        ? table.proxy.errorWhileProxy(s, failed, cause, state)
                        : table.proxy.failToConnect(s, failed, cause, state));
    }

    private void delayed(Attempt failed, boolean fresh) {
        waiting = null;
        if (failed == current && !exchange.isEnded() && !exchange.isFailing()) {
            try {
                next(fresh);
            } catch (RuntimeException | Error e) {
                exchange.engineFailed(e);
            }
        }
    }

    /** Why there can be no other attempt; null if there can be one, which is taken from the budget then. */
    private @Nullable String refusal(Attempt failed, ProxyException cause) {
        if (failed.wasSent()
                && cause.retryability() != Retryability.ALWAYS
                && !failed.isIdempotent()
                && !replayAllowed) {
            return "its method is not idempotent and it may have been processed";
        }
        int most = exchange.engine.options.maxAttempts();
        if (failed.number() >= most) {
            return failed.number() + " attempts were made (expected: at most " + most + ")";
        }
        RequestBody body = exchange.body;
        if (body != null && !body.canReplay()) {
            return body.whyNotReplayed();
        }
        RetryBudget budget = exchange.engineLoop.retryBudget;
        if (!budget.take(exchange.now())) {
            exchange.engineLoop.counters.retryRefused();
            return "the budget is used up: " + budget.describe();
        }
        return null;
    }

    /** Why an attempt that the proxy wanted was not made; null if none was refused. */
    @Nullable
    String refusal() {
        return refusal;
    }

    /** A filter of an attempt's response failed. The upstream has answered, so there is no other attempt. */
    void filterFailed(Attempt failed, ProxyException cause) {
        failed.abandon(cause);
        exchange.fail(cause);
    }

    /** The result of the present attempt is not wanted any more. */
    void abandon(ProxyException cause) {
        stopWaiting();
        Attempt a = current;
        if (a != null) {
            a.abandon(cause);
        }
    }
}
