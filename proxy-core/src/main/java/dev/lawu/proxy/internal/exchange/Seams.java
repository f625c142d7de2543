package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.spi.BodyTee;
import dev.lawu.proxy.spi.ExchangeInterceptor;
import dev.lawu.proxy.spi.Interception;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import org.jspecify.annotations.Nullable;

/** The places of one exchange at which an {@link Interception} takes part. What it throws becomes an internal error that names it. */
final class Seams {
    private final Exchange exchange;
    private final Interception interception;

    private Seams(Exchange exchange, Interception interception) {
        this.exchange = exchange;
        this.interception = interception;
    }

    /** Asks the interceptor whether it takes part; null if it does not. */
    static @Nullable Seams open(Exchange exchange, ExchangeInterceptor interceptor) {
        try {
            Interception i = interceptor.intercept(exchange.session, exchange.session);
            return i == null ? null : new Seams(exchange, i);
        } catch (Throwable e) {
            throw Callbacks.failure(Phase.LOOKUP, exchange.engine.interceptorParticipant, e);
        }
    }

    private interface Question {
        @Nullable
        FilterResult ask();
    }

    /** Asks; returns the result, or null if it is pending. */
    private @Nullable Object ask(
            Phase phase, Question question, Suspension.Suspended holder, Suspension.Continuation then) {
        Participant named = exchange.engine.interceptorParticipant;
        try {
            FilterResult result = question.ask();
            if (result == null) {
                throw new NullPointerException("returned null (expected: a result)");
            }
            return Suspension.await(exchange, phase, named, result, holder, then);
        } catch (Throwable e) {
            throw Callbacks.failure(phase, named, e);
        }
    }

    @Nullable
    Object lookUp(Suspension.Suspended holder, Suspension.Continuation then) {
        return ask(Phase.LOOKUP, interception::lookup, holder, then);
    }

    void upstreamRequest(UpstreamAttempt attempt, RequestHead head) {
        try {
            interception.upstreamRequest(attempt, head);
        } catch (Throwable e) {
            throw Callbacks.failure(Phase.UPSTREAM_REQUEST, exchange.engine.interceptorParticipant, e);
        }
    }

    @Nullable
    Object upstreamResponse(
            UpstreamAttempt attempt, ResponseHead head, Suspension.Suspended holder, Suspension.Continuation then) {
        return ask(Phase.STORE, () -> interception.upstreamResponse(attempt, head), holder, then);
    }

    @Nullable
    BodyTee tee(ResponseHead head) {
        try {
            return interception.tee(head);
        } catch (Throwable e) {
            throw Callbacks.failure(Phase.STORE, exchange.engine.interceptorParticipant, e);
        }
    }

    @Nullable
    Object error(ProxyException error, Suspension.Suspended holder, Suspension.Continuation then) {
        return ask(Phase.ERROR, () -> interception.error(error), holder, then);
    }

    boolean continuesWithoutClient() {
        try {
            return interception.continuesWithoutClient();
        } catch (Throwable e) {
            ErrorLog.callback("Interception.continuesWithoutClient", e);
            return false;
        }
    }

    void ended(@Nullable ProxyException error) {
        try {
            interception.ended(error);
        } catch (Throwable e) {
            ErrorLog.callback("Interception.ended", e);
        }
    }
}
