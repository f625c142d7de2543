package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ResponseSource;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.spi.BodyTee;
import org.jspecify.annotations.Nullable;

/**
 * The first half of a response's way, for heads alone: an attempt's heads go through {@code upstreamResponseFilter}; then an informational one is relayed, and the final one goes through the seam of a
 * cache to the {@link ResponsePath}. While a result is pending the attempt is paused.
 */
final class UpstreamHeads {
    private final Exchange exchange;
    private final ResponsePath path;

    UpstreamHeads(Exchange exchange, ResponsePath path) {
        this.exchange = exchange;
        this.path = path;
    }

    /** A head from an attempt, which the exchange owns. */
    void take(Attempt attempt, ResponseHead head, boolean last) {
        exchange.hygiene.response(head);
        if (!head.isInformational()) {
            path.adopt(attempt, head, last);
        }
        filter(attempt, head, 0);
        if (path.headPending.isSuspended()) {
            path.pauseSource(attempt);
        }
    }

    private void filter(Attempt attempt, ResponseHead head, int from) {
        Participant[] chain = exchange.engine.table.chain(Phase.UPSTREAM_RESPONSE);
        try {
            for (int i = from; i < chain.length; i++) {
                int next = i + 1;
                FilterResult result = exchange.callbacks.head(Phase.UPSTREAM_RESPONSE, chain[i], attempt, null, head);
                if (result instanceof FilterResult.Proceed) {
                    continue;
                }
                Object ready = Suspension.await(
                        exchange,
                        Phase.UPSTREAM_RESPONSE,
                        chain[i],
                        result,
                        path.headPending,
                        (value, failure) -> filtered(attempt, head, value, failure, next));
                if (ready == null || responded(ready, ResponseSource.LOCAL)) {
                    return;
                }
            }
            if (head.isInformational()) {
                relay(attempt, head);
            } else {
                intercept(attempt, head);
            }
        } catch (ProxyException e) {
            exchange.attempts.filterFailed(attempt, e);
        }
    }

    private void filtered(
            Attempt attempt, ResponseHead head, @Nullable Object ready, @Nullable ProxyException failure, int next) {
        if (exchange.isEnded()) {
            return;
        }
        if (ready == null) {
            exchange.attempts.filterFailed(attempt, Exchange.orInternal(failure));
        } else if (!responded(ready, ResponseSource.LOCAL)) {
            filter(attempt, head, next);
        }
    }

    private boolean responded(Object ready, ResponseSource by) {
        if (ready instanceof FilterResult.Respond respond) {
            exchange.respond(respond.response(), by);
            return true;
        }
        return false;
    }

    private void relay(Attempt attempt, ResponseHead informational) {
        if (!exchange.isClientGone() && !(informational.status() == 100 && exchange.hasContinued())) {
            exchange.down.respondInformational(informational);
        }
        path.resumeSource(attempt);
    }

    private void intercept(Attempt attempt, ResponseHead head) {
        Seams seams = exchange.seams();
        Object ready = seams == null
                ? FilterResult.proceed()
                : seams.upstreamResponse(
                        attempt, head, path.headPending, (value, failure) -> intercepted(head, value, failure));
        if (ready != null) {
            intercepted(head, ready, null);
        }
    }

    private void intercepted(ResponseHead head, @Nullable Object ready, @Nullable ProxyException failure) {
        if (exchange.isEnded()) {
            return;
        }
        if (ready == null) {
            exchange.fail(Exchange.orInternal(failure));
        } else if (!responded(ready, ResponseSource.CACHE)) {
            Seams seams = exchange.seams();
            BodyTee tee;
            try {
                tee = seams == null ? null : seams.tee(head);
            } catch (ProxyException e) {
                exchange.fail(e);
                return;
            }
            path.beginUpstream(tee);
        }
    }
}
