package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ResponseSource;
import dev.lawu.proxy.http.FieldName;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.http.HttpVersion;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.internal.loop.LoopContext;
import dev.lawu.proxy.spi.Connector;
import dev.lawu.proxy.spi.ServerStream;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One request and what becomes of it: the machine that every protocol, and every source of a response, shares.
 *
 * <p>It has three lanes, each a line of callbacks of which at most one is pending:
 *
 * <ul>
 *   <li>the <em>request lane</em>, {@link RequestPhases} and {@link Attempts}: the request phases, the choice of a peer, the head that goes upstream;
 *   <li>the <em>request body</em>: {@link RequestBody}, then the attempt's {@link BodyPipe};
 *   <li>the <em>response lane</em>: {@link ResponsePath}.
 * </ul>
 *
 * <p>Whatever happens, it goes one of these ways: a response is given to the path ({@link #respond}, {@link Attempt#onHead}); an attempt fails ({@link Attempts#failed}), and there is another one or an
 * error; the exchange fails ({@link #fail}), which becomes an error answer while that is possible and a reset after that; or the client leaves ({@link #onReset}). All of them come to {@link #tryEnd}.
 * {@code logging} runs there, once. Calls to the streams may call back before they return, so after each of them the state is looked at afresh.
 *
 * <p>An exchange object serves one request after another on its loop ({@link #begin}, {@link #reset}), so that a request costs little garbage. Nobody outside has a reference to it: users and adapters
 * have the {@link ExchangeSession}, which is made for each request and lets go at the end; what is made for each request inside ({@link Attempt}, {@link BodyPipe}, {@link LocalBody}) ignores all
 * calls once it is over. It is used again only when the turn of the loop in which it ended is over, so that no frame of it is on the stack, and never if a given-up result may still reach it.
 */
final class Exchange {
    final EngineLoop engineLoop;
    final ProxyEngine engine;
    final LoopContext loop;
    final Connector connector;
    final Hygiene hygiene;
    final Callbacks callbacks;
    final Lifetime lifetime;
    final Attempts attempts;
    final ResponsePath response;
    final @Nullable Object[] states;
    final RequestPhases phases;

    /* Of the present request. */
    ServerStream down;
    RequestHead request;
    ClientFacts client;
    ExchangeSession session;

    @Nullable
    RequestBody body;

    long requestLength;
    /* What the client asked for, which is what its adapter goes by, whatever filters make of the head. */
    private boolean head;
    private boolean connect;
    private boolean upgrade;
    private int contexts; // participants whose newContext has run
    private @Nullable Seams seams;
    private @Nullable ProxyException error;
    private boolean continued; // a 100 (Continue) was sent by us
    private boolean failing; // an error answer is being made, or on its way
    private boolean clientGone;
    private boolean clientless;
    private boolean ended = true;
    private final @Nullable RequestDeadline deadline;

    long startedAt;
    long headReadAt;
    long requestEndAt;
    long responseHeadAt;
    long responseEndAt;

    @SuppressWarnings("NullAway.Init") // begin() sets what belongs to a request, and nothing else comes first
    Exchange(EngineLoop engineLoop) {
        this.engineLoop = engineLoop;
        this.engine = engineLoop.engine;
        this.loop = engineLoop.loop;
        this.connector = engineLoop.connector;
        this.hygiene = engine.hygiene;
        this.states = new Object[engine.table.participants.length];
        this.callbacks = new Callbacks(this);
        this.lifetime = new Lifetime(loop.sections());
        Duration timeout = engine.options.requestTimeout();
        this.deadline = timeout.isZero() ? null : new RequestDeadline(this, timeout);
        this.phases = new RequestPhases(this);
        this.attempts = new Attempts(this);
        this.response = new ResponsePath(this);
    }

    /** Takes a request. {@link #start} follows. */
    ExchangeSession begin(ServerStream stream, RequestHead requestHead, boolean last) {
        assert response.isClean() && attempts.current() == null : "an exchange was written to after its end";
        lifetime.begin();
        lifetime.own(requestHead.headers());
        ended = false;
        down = stream;
        request = requestHead;
        client = ClientFacts.of(stream.connection(), engine.options.trustedProxies());
        session = new ExchangeSession(this);
        body = last ? null : new RequestBody(stream, engine, loop);
        requestLength = requestHead.headers().contentLength();
        head = requestHead.method().equals("HEAD");
        connect = requestHead.method().equals("CONNECT");
        upgrade = requestHead.upgrade() != null;
        startedAt = stream.startNanos();
        headReadAt = now();
        requestEndAt = last ? headReadAt : 0;
        return session;
    }

    /** Forgets the request; the object waits for the next. */
    private void reset() {
        Arrays.fill(states, null);
        attempts.reset();
        response.reset();
        body = null;
        contexts = 0;
        phases.reset();
        seams = null;
        error = null;
        continued = false;
        failing = false;
        clientGone = false;
        clientless = false;
        responseHeadAt = 0;
        responseEndAt = 0;
    }

    // ---- the request phases

    void start() {
        engineLoop.counters.exchangeStarted();
        engineLoop.retryBudget.request(headReadAt);
        hygiene.arrived(request);
        if (deadline != null) {
            deadline.start(startedAt);
        }
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
        if (connect && !engine.options.allowConnect()) {
            fail(ProxyException.rejected(
                    405, "CONNECT is not allowed here (expected: another method, or the allow-connect option)"));
            return;
        }
        phases.start();
    }

    /** Answers with this; nothing has been sent yet. */
    void respond(LocalResponse local, ResponseSource by) {
        if (!ended) {
            response.local(local, by);
        }
    }

    /** The copy of the client's head that goes upstream, before filters. */
    RequestHead upstreamHead() {
        RequestHead copy = request.copyInto(loop.sections().take());
        lifetime.own(copy.headers());
        hygiene.request(copy, client);
        return copy;
    }

    boolean stripsExpect() {
        return continued || request.version() == HttpVersion.HTTP_1_0 || body == null || body.hasBegun();
    }

    // ---- failure

    /** Ends in an error: an answer if no head was sent, else a reset. */
    void fail(ProxyException cause) {
        if (ended) {
            return;
        }
        error = cause;
        phases.drop();
        if (clientGone) {
            response.abort(cause);
            tryEnd();
            return;
        }
        if (response.isHeadSent()) {
            breakOff(cause);
            return;
        }
        if (failing) {
            lastResort(cause);
            return;
        }
        failing = true;
        response.letGo(cause); // what is pending there, too: nothing else may answer now
        Seams s = seams;
        if (s == null) {
            failToProxy(cause);
            return;
        }
        try {
            Object ready = s.error(cause, phases.pending, (value, failure) -> errorLookedUp(value, cause));
            if (ready != null) {
                errorLookedUp(ready, cause);
            }
        } catch (ProxyException e) {
            ErrorLog.callback("Interception.error", e);
            failToProxy(cause);
        }
    }

    /**
     * The engine itself failed in a task of the loop, where no adapter catches it: a bug, or no memory. That must not leave a client waiting. Callbacks' failures are caught where they are called.
     */
    void engineFailed(Throwable bug) {
        ProxyException cause = bug instanceof ProxyException own
                ? own
                : ProxyException.internal(ErrorType.INTERNAL, "the engine failed: " + Callbacks.text(bug), bug);
        try {
            fail(cause);
        } catch (RuntimeException | Error again) {
            ErrorLog.callback("an error answer", again);
            breakOff(cause);
        }
    }

    /** {@link #fail}, from a task of the loop: a deadline's end, or what came back from another thread. */
    void failFromTask(ProxyException cause) {
        try {
            fail(cause);
        } catch (RuntimeException | Error e) {
            engineFailed(e);
        }
    }

    /** Ends it now, with a reset. */
    void breakOff(ProxyException cause) {
        if (!ended) {
            error = cause;
            clientGone = true;
            phases.drop();
            response.abort(cause);
            down.reset(cause);
            tryEnd();
        }
    }

    private void errorLookedUp(@Nullable Object ready, ProxyException cause) {
        if (ended) {
            return;
        }
        if (ready instanceof FilterResult.Respond answer) {
            respond(answer.response(), ResponseSource.CACHE);
        } else {
            failToProxy(cause);
        }
    }

    private void failToProxy(ProxyException cause) {
        Participant proxy = engine.table.proxyParticipant();
        if (!hasContext(proxy)) {
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
        phases.forgetSeen();
        error = cause;
        respond(LocalResponse.of(cause.defaultStatus()).close(), ResponseSource.ERROR);
    }

    static ProxyException orInternal(@Nullable ProxyException failure) {
        return failure != null ? failure : ProxyException.internal(ErrorType.INTERNAL, "no result", null);
    }

    // ---- from the client

    void onData(ByteBuf data, boolean last) {
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

    void onTrailers(Headers trailers) {
        lifetime.own(trailers);
        RequestBody b = body;
        if (!ended && b != null) {
            requestEndAt = now();
            b.trailers(trailers);
        }
    }

    void onWritable() {
        if (!ended) {
            response.clientWritable();
        }
    }

    void onReset(ProxyException cause) {
        if (ended || clientGone) {
            return;
        }
        clientGone = true;
        if (error == null) {
            error = cause;
        }
        Seams s = seams;
        if (s != null
                && !failing
                && attempts.current() != null
                && !response.isTunnel()
                && (body == null || body.isEnded())
                && s.continuesWithoutClient()) {
            hasNoClient();
            response.detach();
            return;
        }
        phases.drop();
        if (body != null) {
            body.close(cause);
        }
        response.abort(cause);
        tryEnd();
    }

    /** It goes on without a client, so it is the server's to cut off. */
    void hasNoClient() {
        clientless = true;
        engineLoop.clientless(this);
    }

    // ---- the end

    void responseHeadSent() {
        responseHeadAt = now();
    }

    void responseEnded() {
        responseEndAt = now();
        if (body != null && !body.isEnded()) {
            // The rest of the request is the adapter's to discard; what is still being sent upstream is broken off.
            attempts.abandon(
                    ProxyException.internal(ErrorType.CANCELLED, "the response ended before the request", null));
        }
        tryEnd();
    }

    /** A tunnel begins, which is no request any more. */
    void tunnelStarted() {
        if (deadline != null) {
            deadline.remove();
        }
    }

    void tunnelEnded() {
        if (ended) {
            return; // the last write failed at once
        }
        Attempt a = attempts.current();
        if (a != null) {
            a.finishTunnel();
        }
        response.tunnelEnded();
    }

    /** Ends the exchange if both sides are done. */
    void tryEnd() {
        if (ended || !response.isClientDone() || response.hasTee()) {
            return;
        }
        Attempt a = attempts.current();
        if (response.isDetached() && a != null && !a.isDone()) {
            return;
        }
        ended = true;
        if (deadline != null) {
            deadline.remove();
        }
        if (clientless) {
            engineLoop.clientlessEnded(this);
        }
        ProxyException cause = error;
        phases.drop();
        if (a != null && !a.isDone()) {
            a.abandon(reason());
        }
        if (body != null) {
            body.close(reason());
        }
        if (seams != null) {
            seams.ended(cause);
        }
        if (cause != null) {
            engineLoop.counters.failed(cause);
            ErrorLog.exchange(this, cause);
        }
        for (Participant p : engine.table.chain(Phase.LOGGING)) {
            if (hasContext(p)) {
                try {
                    callbacks.logging(p, cause);
                } catch (ProxyException e) {
                    ErrorLog.callback(p.name + ".logging", e);
                }
            }
        }
        engineLoop.counters.exchangeEnded();
        release();
    }

    private ProxyException reason() {
        ProxyException cause = error;
        return cause != null ? cause : ProxyException.internal(ErrorType.CANCELLED, "the exchange has ended", null);
    }

    /** Somebody who could reach this exchange cannot any more; the last one ends the use of all that it held. */
    void release() {
        if (lifetime.release()) {
            session.end();
            if (lifetime.end()) {
                reset();
                engineLoop.giveBack(this);
            }
        }
    }

    // ---- facts

    long now() {
        return loop.time().nanoTime();
    }

    boolean hasContext(Participant participant) {
        return participant.index < contexts;
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

    /** True if this status makes the client's connection a tunnel. */
    boolean isTunnelStart(int status) {
        return status == 101 || connect && status >= 200 && status < 300;
    }

    /** True if the client has asked for another protocol, so that it can be answered 101. */
    boolean asksForUpgrade() {
        return upgrade;
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

    boolean isFailing() {
        return failing;
    }

    void openedSeams(@Nullable Seams opened) {
        seams = opened;
    }

    @Nullable
    Seams seams() {
        return seams;
    }

    @Nullable
    ProxyException error() {
        return error;
    }
}
