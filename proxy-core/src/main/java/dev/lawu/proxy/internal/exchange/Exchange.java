package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.ErrorSource;
import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ResponseSource;
import dev.lawu.proxy.RetryDecision;
import dev.lawu.proxy.http.FieldName;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.http.HttpVersion;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.internal.loop.LoopContext;
import dev.lawu.proxy.spi.BodyTee;
import dev.lawu.proxy.spi.Connector;
import dev.lawu.proxy.spi.ExchangeControl;
import dev.lawu.proxy.spi.ExchangeInterceptor;
import dev.lawu.proxy.spi.Interception;
import dev.lawu.proxy.spi.ServerStream;
import dev.lawu.proxy.spi.StreamListener;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request and what becomes of it: the machine that every protocol, and every source of a response, shares.
 *
 * <p>It has three lanes, each a line of callbacks of which at most one is pending:
 *
 * <ul>
 *   <li>the <em>request lane</em>, here and in {@link Attempt}: the request phases, the choice of a peer, the head that goes upstream;
 *   <li>the <em>request body</em>: {@link RequestBody}, then the attempt's {@link BodyPipe};
 *   <li>the <em>response lane</em>: {@link ResponsePath}.
 * </ul>
 *
 * <p>Whatever happens, it goes one of these ways: a response is given to the path ({@link #respond}, {@link Attempt#onHead}); an attempt fails ({@link #attemptFailed}), and there is another one or an
 * error; the exchange fails ({@link #fail}), which becomes an error answer while that is possible and a reset after that; or the client leaves ({@link #onReset}). All of them come to {@link #tryEnd}.
 * {@code logging} runs there, once. Calls to the streams may call back before they return, so after each of them the state is looked at afresh.
 */
public final class Exchange implements StreamListener, ExchangeControl {
    private static final Logger logger = LoggerFactory.getLogger("dev.lawu.proxy");

    final ProxyEngine engine;
    final EngineLoop engineLoop;
    final LoopContext loop;
    final Connector connector;
    final Hygiene hygiene;
    final ServerStream down;
    final RequestHead request;
    final ClientFacts client;
    final ExchangeSession session;
    final Callbacks callbacks;
    final @Nullable Object[] states;
    final @Nullable RequestBody body;
    final ResponsePath response;
    final long requestLength;
    private final boolean head;

    private final Suspension.Suspended pending = new Suspension.Suspended();
    private int contexts; // participants whose newContext has run
    private long seen; // a bit for each participant that saw the request
    private @Nullable Interception interception;
    private @Nullable Attempt attempt;
    private @Nullable List<Attempt> formerAttempts;
    private @Nullable List<Headers> owned;
    private @Nullable ProxyException error;
    private boolean replayAllowed;
    private boolean continued; // a 100 (Continue) was sent by us
    private boolean failing; // an error answer is being made, or on its way
    private boolean clientGone;
    private boolean ended;
    private int retained = 1;
    private boolean leftBehind; // a result that is not waited for any more may still read the heads, on another thread

    final long startedAt;
    final long headReadAt;
    long requestEndAt;
    long responseHeadAt;
    long responseEndAt;

    Exchange(EngineLoop engineLoop, ServerStream down, RequestHead request, boolean last) {
        this.engineLoop = engineLoop;
        this.engine = engineLoop.engine;
        this.loop = engineLoop.loop;
        this.connector = engineLoop.connector;
        this.hygiene = engine.hygiene;
        this.down = down;
        this.request = request;
        this.client = ClientFacts.of(down.connection(), engine.options.trustedProxies());
        this.states = new Object[engine.table.participants.length];
        this.body = last ? null : new RequestBody(down, engine.options.replayBuffer());
        this.startedAt = down.startNanos();
        this.headReadAt = now();
        this.requestEndAt = last ? headReadAt : 0;
        this.requestLength = request.headers().contentLength();
        this.head = request.method().equals("HEAD");
        this.session = new ExchangeSession(this);
        this.callbacks = new Callbacks(this);
        this.response = new ResponsePath(this);
    }

    // ---- the request phases

    void start() {
        engineLoop.counters.exchangeStarted();
        hygiene.arrived(request);
        if (body != null) {
            down.pause();
        }
        try {
            for (Participant p : engine.table.participants) {
                states[p.index] = callbacks.newContext(p);
                contexts = p.index + 1;
            }
        } catch (ProxyException e) {
            fail(e);
            return;
        }
        if (request.method().equals("CONNECT") && !engine.options.allowConnect()) {
            fail(ProxyException.rejected(
                    405, "CONNECT is not allowed here (expected: another method, or the allow-connect option)"));
            return;
        }
        run(Phase.EARLY_REQUEST, 0);
    }

    private void run(Phase phase, int from) {
        Participant[] chain = engine.table.chain(phase);
        try {
            for (int i = from; i < chain.length; i++) {
                Participant participant = chain[i];
                int next = i + 1;
                // Should it answer, the response passes those who saw the request up to here, but nobody behind it.
                if (phase == Phase.EARLY_REQUEST) {
                    seen |= 1L << participant.index;
                } else if (phase == Phase.REQUEST) {
                    seen = (2L << participant.index) - 1;
                }
                FilterResult result = callbacks.head(phase, participant, null, null, null);
                if (result instanceof FilterResult.Proceed) {
                    continue;
                }
                Object ready = Suspension.await(
                        this,
                        phase,
                        participant,
                        result,
                        pending,
                        (value, failure) -> resumed(phase, value, failure, next));
                if (ready == null || responded(ready, ResponseSource.LOCAL)) {
                    return;
                }
            }
        } catch (ProxyException e) {
            fail(e);
            return;
        }
        switch (phase) {
            case EARLY_REQUEST -> run(Phase.REQUEST, 0);
            case REQUEST -> {
                seen = -1;
                lookUp();
            }
            default -> nextAttempt(false);
        }
    }

    private void resumed(Phase phase, @Nullable Object value, @Nullable ProxyException failure, int next) {
        if (ended || failing) {
            return;
        }
        if (value == null) {
            fail(orInternal(failure));
        } else if (!responded(value, ResponseSource.LOCAL)) {
            run(phase, next);
        }
    }

    private boolean responded(Object ready, ResponseSource by) {
        if (ready instanceof FilterResult.Respond respond) {
            respond(respond.response(), by);
            return true;
        }
        return false;
    }

    private void lookUp() {
        ExchangeInterceptor interceptor = engine.interceptor;
        if (interceptor == null) {
            run(Phase.PROXY_UPSTREAM, 0);
            return;
        }
        try {
            Interception i = interceptor.intercept(session, this);
            interception = i;
            Object ready = i == null
                    ? FilterResult.proceed()
                    : awaitInterception(Phase.LOOKUP, i.lookup(), pending, this::lookedUp);
            if (ready != null) {
                lookedUp(ready, null);
            }
        } catch (Throwable e) {
            fail(Callbacks.failure(Phase.LOOKUP, engine.interceptorParticipant, e));
        }
    }

    private void lookedUp(@Nullable Object ready, @Nullable ProxyException failure) {
        if (ended || failing) {
            return;
        }
        if (ready == null) {
            fail(orInternal(failure));
        } else if (!responded(ready, ResponseSource.CACHE)) {
            run(Phase.PROXY_UPSTREAM, 0);
        }
    }

    private @Nullable Object awaitInterception(
            Phase phase, @Nullable FilterResult result, Suspension.Suspended holder, Suspension.Continuation then) {
        if (result == null) {
            throw new NullPointerException("returned null (expected: a result)");
        }
        return Suspension.await(this, phase, engine.interceptorParticipant, result, holder, then);
    }

    /** Answers with this; nothing has been sent yet. */
    void respond(LocalResponse local, ResponseSource by) {
        if (!ended) {
            response.local(local, by);
        }
    }

    // ---- attempts

    private void nextAttempt(boolean fresh) {
        Attempt before = attempt;
        if (before != null) {
            if (formerAttempts == null) {
                formerAttempts = new ArrayList<>(2);
            }
            formerAttempts.add(before);
        }
        Attempt next = new Attempt(this, before == null ? 1 : before.number() + 1, fresh);
        attempt = next;
        next.start();
    }

    /** The copy of the client's head that goes upstream, before filters. */
    RequestHead upstreamHead() {
        RequestHead copy = request.copyInto(loop.sections().take());
        hygiene.request(copy, client);
        return copy;
    }

    boolean stripsExpect() {
        return continued || request.version() == HttpVersion.HTTP_1_0 || body == null || body.hasBegun();
    }

    void attemptFailed(Attempt failed, ProxyException cause, boolean connected) {
        if (ended || failed != attempt) {
            return;
        }
        if (response.isStarted() || failing || failed.hasFinalHead()) {
            fail(cause);
            return;
        }
        if (clientGone) {
            fail(cause);
            return;
        }
        response.forgetInterim();
        RetryDecision decision;
        try {
            decision = callbacks.ask(
                    connected ? Phase.ERROR_WHILE_PROXY : Phase.FAIL_TO_CONNECT,
                    engine.table.proxyParticipant(),
                    (s, state) -> connected
                            ? engine.table.proxy.errorWhileProxy(s, failed, cause, state)
                            : engine.table.proxy.failToConnect(s, failed, cause, state));
        } catch (ProxyException e) {
            fail(e);
            return;
        }
        if (decision instanceof RetryDecision.Retry retry && mayRetry(failed, cause)) {
            boolean stale = connected && failed.isConnectionReused();
            logger.debug("attempt {} failed and is followed by another: {}", failed.number(), cause.toString());
            if (retry.delay().isZero()) {
                nextAttempt(stale);
            } else {
                loop.loop()
                        .schedule(() -> retryNow(failed, stale), retry.delay().toNanos(), TimeUnit.NANOSECONDS);
            }
        } else {
            fail(cause);
        }
    }

    private void retryNow(Attempt failed, boolean stale) {
        if (!ended && !failing && attempt == failed) {
            nextAttempt(stale);
        }
    }

    private boolean mayRetry(Attempt failed, ProxyException cause) {
        boolean safe = !failed.wasSent() || cause.isRetryable() || failed.isIdempotent() || replayAllowed;
        return safe && failed.number() < engine.options.maxAttempts() && (body == null || body.canReplay());
    }

    /** A filter of an attempt's response failed. The upstream has answered, so there is no other attempt. */
    void upstreamFilterFailed(Attempt failed, ProxyException cause) {
        failed.abandon(cause);
        fail(cause);
    }

    void abandonAttempt(ProxyException cause) {
        Attempt a = attempt;
        if (a != null) {
            a.abandon(cause);
        }
    }

    // ---- failure

    /** Ends in an error: an answer if no head was sent, else a reset. */
    void fail(ProxyException cause) {
        if (ended) {
            return;
        }
        error = cause;
        pending.drop();
        if (clientGone) {
            response.abort(cause);
            tryEnd();
            return;
        }
        if (response.isHeadSent()) {
            clientGone = true;
            response.abort(cause);
            down.reset(cause);
            tryEnd();
            return;
        }
        if (failing) {
            lastResort(cause);
            return;
        }
        failing = true;
        response.letGo(cause); // what is pending there, too: nothing else may answer now
        Interception i = interception;
        try {
            Object ready = i == null
                    ? FilterResult.proceed()
                    : awaitInterception(
                            Phase.ERROR, i.error(cause), pending, (value, failure) -> errorLookedUp(value, cause));
            if (ready != null) {
                errorLookedUp(ready, cause);
            }
        } catch (Throwable e) {
            logCallbackFailure("Interception.error", e);
            failToProxy(cause);
        }
    }

    private void errorLookedUp(@Nullable Object ready, ProxyException cause) {
        if (!ended && (ready == null || !responded(ready, ResponseSource.CACHE))) {
            failToProxy(cause);
        }
    }

    private void failToProxy(ProxyException cause) {
        Participant proxy = engine.table.proxyParticipant();
        if (contexts <= proxy.index) {
            lastResort(cause);
            return;
        }
        LocalResponse answer;
        try {
            answer = callbacks.ask(
                    Phase.FAIL_TO_PROXY, proxy, (s, state) -> engine.table.proxy.failToProxy(s, cause, state));
        } catch (ProxyException e) {
            lastResort(e);
            return;
        }
        respond(answer, ResponseSource.ERROR);
    }

    /** Making the error answer failed, too: a plain one that no filter sees. */
    private void lastResort(ProxyException cause) {
        seen = 0;
        error = cause;
        respond(LocalResponse.of(cause.defaultStatus()).close(), ResponseSource.ERROR);
    }

    static ProxyException orInternal(@Nullable ProxyException failure) {
        return failure != null ? failure : ProxyException.internal(ErrorType.INTERNAL, "no result", null);
    }

    // ---- from the client

    @Override
    public void onData(ByteBuf data, boolean last) {
        RequestBody b = body;
        if (ended) {
            data.release();
        } else if (b != null && !b.isEnded()) {
            if (last) {
                requestEndAt = now();
            }
            b.data(data, last);
        } else if (response.tunnel() != null) {
            response.tunnel().fromClient(data, last);
        } else {
            data.release();
        }
    }

    @Override
    public void onTrailers(Headers trailers) {
        own(trailers);
        RequestBody b = body;
        if (!ended && b != null) {
            requestEndAt = now();
            b.trailers(trailers);
        }
    }

    @Override
    public void onWritable() {
        if (!ended) {
            response.clientWritable();
        }
    }

    @Override
    public void onReset(ProxyException cause) {
        if (ended || clientGone) {
            return;
        }
        clientGone = true;
        if (error == null) {
            error = cause;
        }
        Interception i = interception;
        if (i != null
                && !failing
                && attempt != null
                && !response.isTunnel()
                && (body == null || body.isEnded())
                && continues(i)) {
            response.detach();
            return;
        }
        pending.drop();
        if (body != null) {
            body.close(cause);
        }
        response.abort(cause);
        tryEnd();
    }

    private boolean continues(Interception i) {
        try {
            return i.continuesWithoutClient();
        } catch (Throwable e) {
            logCallbackFailure("Interception.continuesWithoutClient", e);
            return false;
        }
    }

    // ---- the end

    void responseHeadSent() {
        responseHeadAt = now();
    }

    void responseEnded() {
        responseEndAt = now();
        if (body != null && !body.isEnded()) {
            // The rest of the request is the adapter's to discard; what is still being sent upstream is broken off.
            abandonAttempt(ProxyException.internal(ErrorType.REJECTED, "the response ended before the request", null));
        }
        tryEnd();
    }

    void tunnelEnded() {
        Attempt a = attempt;
        if (a != null) {
            a.finishTunnel();
        }
        response.tunnelEnded();
    }

    void tryEnd() {
        if (ended || !response.hasEnded() || response.hasTee()) {
            return;
        }
        Attempt a = attempt;
        if (response.isDetached() && a != null && !a.isDone()) {
            return;
        }
        ended = true;
        ProxyException cause = error;
        pending.drop();
        if (a != null && !a.isDone()) {
            a.abandon(reason());
        }
        if (body != null) {
            body.close(reason());
        }
        Interception i = interception;
        if (i != null) {
            try {
                i.ended(cause);
            } catch (Throwable e) {
                logCallbackFailure("Interception.ended", e);
            }
        }
        if (cause != null) {
            logError(cause);
        }
        for (Participant p : engine.table.chain(Phase.LOGGING)) {
            if (p.index < contexts) {
                try {
                    callbacks.logging(p, cause);
                } catch (ProxyException e) {
                    logCallbackFailure(p.name + ".logging", e);
                }
            }
        }
        engineLoop.counters.exchangeEnded();
        release();
    }

    private ProxyException reason() {
        ProxyException cause = error;
        return cause != null ? cause : ProxyException.internal(ErrorType.REJECTED, "the exchange has ended", null);
    }

    private void logError(ProxyException cause) {
        try {
            Participant proxy = engine.table.proxyParticipant();
            boolean known = contexts > proxy.index;
            if (known
                    && Boolean.TRUE.equals(callbacks.call(
                            Phase.SUPPRESS_ERROR_LOG,
                            proxy,
                            (s, state) -> engine.table.proxy.suppressErrorLog(s, cause, state)))) {
                return;
            }
            String summary = known
                    ? callbacks.ask(
                            Phase.REQUEST_SUMMARY, proxy, (s, state) -> engine.table.proxy.requestSummary(s, state))
                    : request.toString();
            Attempt a = attempt;
            if (cause.source() == ErrorSource.DOWNSTREAM) {
                logger.debug("{}: {}", summary, cause.toString());
            } else if (cause.type() == ErrorType.INTERNAL && cause.getCause() != null) {
                logger.warn("{}: {}", summary, cause.toString(), cause.getCause());
            } else if (a != null && a.peer() != null) {
                logger.warn("{}: {} ({})", summary, cause.toString(), a);
            } else {
                logger.warn("{}: {}", summary, cause.toString());
            }
        } catch (ProxyException e) {
            logCallbackFailure("requestSummary or suppressErrorLog", e);
        }
    }

    void logCallbackFailure(String what, Throwable failure) {
        logger.warn("{} failed: {}", what, failure.toString(), failure);
    }

    /** Something outside the loop can still reach this exchange: its arrays are not reused before {@link #release}. */
    void retain() {
        retained++;
    }

    void release() {
        if (--retained > 0) {
            return;
        }
        session.end();
        response.retire();
        retireAttempts();
        List<Headers> others = owned;
        if (others != null) {
            for (Headers headers : others) {
                retire(headers);
            }
        }
        retire(request.headers());
    }

    private void retireAttempts() {
        Attempt a = attempt;
        if (a != null) {
            a.retire();
        }
        List<Attempt> former = formerAttempts;
        if (former != null) {
            former.forEach(Attempt::retire);
        }
    }

    /** These fields are given back when the exchange is over. */
    void own(Headers headers) {
        if (owned == null) {
            owned = new ArrayList<>(2);
        }
        owned.add(headers);
    }

    /** Gives the array of these fields back, but not while something outside the loop may read it: it would read another exchange's fields. */
    void retire(Headers headers) {
        if (retained > 1 || leftBehind && retained == 1) {
            own(headers);
        } else if (leftBehind) {
            headers.retire();
        } else {
            loop.sections().retire(headers);
        }
    }

    /** A pending result was given up; nobody knows when whoever works on it stops to read. */
    void leaveBehind() {
        leftBehind = true;
    }

    // ---- seams

    @Override
    public void subrequest(RequestHead head, Consumer<@Nullable ProxyException> ended) {
        engineLoop.subrequest(this, head, ended);
    }

    void interceptUpstreamRequest(Attempt a, RequestHead head) {
        Interception i = interception;
        if (i != null) {
            try {
                i.upstreamRequest(a, head);
            } catch (Throwable e) {
                throw Callbacks.failure(Phase.UPSTREAM_REQUEST, engine.interceptorParticipant, e);
            }
        }
    }

    boolean isIntercepted() {
        return interception != null;
    }

    @Nullable
    Object interceptResponse(Attempt a, ResponseHead head, Suspension.Suspended holder, Suspension.Continuation then) {
        Interception i = interception;
        if (i == null) {
            return FilterResult.proceed();
        }
        try {
            return awaitInterception(Phase.STORE, i.upstreamResponse(a, head), holder, then);
        } catch (Throwable e) {
            throw Callbacks.failure(Phase.STORE, engine.interceptorParticipant, e);
        }
    }

    @Nullable
    BodyTee interceptTee(ResponseHead head) {
        Interception i = interception;
        if (i == null) {
            return null;
        }
        try {
            return i.tee(head);
        } catch (Throwable e) {
            throw Callbacks.failure(Phase.STORE, engine.interceptorParticipant, e);
        }
    }

    // ---- facts

    long now() {
        return loop.time().nanoTime();
    }

    boolean hasSeen(Participant participant) {
        return (seen & 1L << participant.index) != 0;
    }

    /** Those of a phase's chain who saw the request. */
    Participant[] seeing(Phase phase) {
        Participant[] chain = engine.table.chain(phase);
        if (seen == -1 || chain.length == 0) {
            return chain;
        }
        List<Participant> those = new ArrayList<>(chain.length);
        for (Participant p : chain) {
            if (hasSeen(p)) {
                those.add(p);
            }
        }
        return those.toArray(new Participant[0]);
    }

    /** Answers an expectation ourselves, because the body is wanted here. */
    void sendContinue() {
        if (!continued
                && body != null
                && !body.hasBegun()
                && request.version() != HttpVersion.HTTP_1_0
                && request.headers().contains(FieldName.EXPECT)) {
            continued = true;
            ResponseHead goOn = ResponseHead.of(100);
            down.respondInformational(goOn);
        }
    }

    boolean hasContinued() {
        return continued;
    }

    void allowReplay() {
        replayAllowed = true;
    }

    boolean isTunnelStart(int status) {
        return status == 101 || request.method().equals("CONNECT") && status >= 200 && status < 300;
    }

    boolean isHead() {
        return head;
    }

    boolean isClientGone() {
        return clientGone;
    }

    boolean isEnded() {
        return ended;
    }

    @Nullable
    Attempt attempt() {
        return attempt;
    }

    @Nullable
    ProxyException error() {
        return error;
    }
}
