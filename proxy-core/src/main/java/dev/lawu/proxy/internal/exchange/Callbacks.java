package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.ChunkResult;
import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.upstream.PeerSelection;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Calls a participant's callbacks for one exchange: says to the watchdog which is running, and turns what they throw, and nulls, into a {@link ProxyException}.
 *
 * <p>One class has all calls of the callbacks, so that no path can forget either. Interceptions and {@code BodyProducer}s are called elsewhere ({@link Seams}, {@link LocalBody}): what they throw is
 * caught there, and the watchdog does not see them.
 */
final class Callbacks {
    private final Exchange exchange;

    Callbacks(Exchange exchange) {
        this.exchange = exchange;
    }

    /** Why a callback failed: its own {@link ProxyException}, or an internal error that names the method. */
    static ProxyException failure(Phase phase, Participant participant, Throwable thrown) {
        Throwable cause = thrown;
        while ((cause instanceof CompletionException || cause instanceof ExecutionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof ProxyException own) {
            return own;
        }
        return ProxyException.internal(
                ErrorType.INTERNAL, participant.name + "." + phase.method + ": " + text(cause), cause);
    }

    /** What it says of itself; a user's exception may fail even there. */
    static String text(Throwable thrown) {
        try {
            return thrown.toString();
        } catch (Throwable e) {
            return thrown.getClass().getName() + " (its toString() failed)";
        }
    }

    /** Every phase is called with what it needs. */
    private static <T> T given(@Nullable T argument) {
        return Objects.requireNonNull(argument);
    }

    private static <T> T required(@Nullable T result, Phase phase, Participant participant) {
        if (result == null) {
            throw ProxyException.internal(
                    ErrorType.INTERNAL,
                    participant.name + "." + phase.method + " returned null (expected: a result)",
                    null);
        }
        return result;
    }

    /** Calls a phase that takes a head, or only the session. */
    FilterResult head(
            Phase phase,
            Participant p,
            @Nullable Attempt attempt,
            @Nullable RequestHead request,
            @Nullable ResponseHead response) {
        ExchangeSession session = exchange.session;
        Object state = exchange.states[p.index];
        CallbackWatch watch = exchange.engineLoop.watch;
        watch.enter(phase, p);
        FilterResult result;
        try {
            result = switch (phase) {
                case EARLY_REQUEST -> p.filter.earlyRequestFilter(session, state);
                case REQUEST -> p.filter.requestFilter(session, state);
                case PROXY_UPSTREAM -> p.filter.proxyUpstreamFilter(session, state);
                case UPSTREAM_REQUEST -> p.filter.upstreamRequestFilter(session, given(attempt), given(request), state);
                case UPSTREAM_RESPONSE ->
                    p.filter.upstreamResponseFilter(session, given(attempt), given(response), state);
                case RESPONSE -> p.filter.responseFilter(session, given(response), state);
                default -> throw new AssertionError(phase);
            };
        } catch (Throwable e) {
            throw failure(phase, p, e);
        } finally {
            watch.exit();
        }
        return required(result, phase, p);
    }

    /** Calls a phase that takes a chunk. */
    ChunkResult chunk(Phase phase, Participant p, @Nullable Attempt attempt, ChunkView chunk) {
        ExchangeSession session = exchange.session;
        Object state = exchange.states[p.index];
        CallbackWatch watch = exchange.engineLoop.watch;
        watch.enter(phase, p);
        ChunkResult result;
        try {
            result = switch (phase) {
                case REQUEST_BODY -> p.filter.requestBodyFilter(session, given(attempt), chunk, state);
                case UPSTREAM_RESPONSE_BODY ->
                    p.filter.upstreamResponseBodyFilter(session, given(attempt), chunk, state);
                case RESPONSE_BODY -> p.filter.responseBodyFilter(session, chunk, state);
                default -> throw new AssertionError(phase);
            };
        } catch (Throwable e) {
            throw failure(phase, p, e);
        } finally {
            watch.exit();
        }
        return required(result, phase, p);
    }

    /** Calls a phase that takes trailers. */
    ChunkResult trailers(Phase phase, Participant p, @Nullable Attempt attempt, Headers trailers) {
        ExchangeSession session = exchange.session;
        Object state = exchange.states[p.index];
        CallbackWatch watch = exchange.engineLoop.watch;
        watch.enter(phase, p);
        ChunkResult result;
        try {
            result = switch (phase) {
                case REQUEST_TRAILER -> p.filter.requestTrailerFilter(session, given(attempt), trailers, state);
                case UPSTREAM_RESPONSE_TRAILER ->
                    p.filter.upstreamResponseTrailerFilter(session, given(attempt), trailers, state);
                case RESPONSE_TRAILER -> p.filter.responseTrailerFilter(session, trailers, state);
                default -> throw new AssertionError(phase);
            };
        } catch (Throwable e) {
            throw failure(phase, p, e);
        } finally {
            watch.exit();
        }
        return required(result, phase, p);
    }

    /** Makes a participant's state. */
    @Nullable
    Object newContext(Participant p) {
        CallbackWatch watch = exchange.engineLoop.watch;
        watch.enter(Phase.NEW_CONTEXT, p);
        try {
            return p.filter.newContext(exchange.session);
        } catch (Throwable e) {
            throw failure(Phase.NEW_CONTEXT, p, e);
        } finally {
            watch.exit();
        }
    }

    /** Asks where the request goes. */
    PeerSelection upstreamPeer(Attempt attempt) {
        Participant p = exchange.engine.table.proxyParticipant();
        Object state = exchange.states[p.index];
        CallbackWatch watch = exchange.engineLoop.watch;
        watch.enter(Phase.UPSTREAM_PEER, p);
        PeerSelection selection;
        try {
            selection = exchange.engine.table.proxy.upstreamPeer(exchange.session, attempt, state);
        } catch (Throwable e) {
            throw failure(Phase.UPSTREAM_PEER, p, e);
        } finally {
            watch.exit();
        }
        return required(selection, Phase.UPSTREAM_PEER, p);
    }

    /** Tells a participant that the exchange is over. */
    void logging(Participant p, @Nullable ProxyException error) {
        Object state = exchange.states[p.index];
        CallbackWatch watch = exchange.engineLoop.watch;
        watch.enter(Phase.LOGGING, p);
        try {
            p.filter.logging(exchange.session, error, state);
        } catch (Throwable e) {
            throw failure(Phase.LOGGING, p, e);
        } finally {
            watch.exit();
        }
    }

    /** A callback that is asked of one participant. */
    interface Question<T> {
        @Nullable
        T ask(ExchangeSession session, Object state);
    }

    /** Calls any other callback that must answer something. */
    <T> T ask(Phase phase, Participant p, Question<T> question) {
        return required(call(phase, p, question), phase, p);
    }

    /** Calls any other callback. */
    <T> @Nullable T call(Phase phase, Participant p, Question<T> question) {
        CallbackWatch watch = exchange.engineLoop.watch;
        watch.enter(phase, p);
        try {
            return question.ask(exchange.session, exchange.states[p.index]);
        } catch (Throwable e) {
            throw failure(phase, p, e);
        } finally {
            watch.exit();
        }
    }
}
