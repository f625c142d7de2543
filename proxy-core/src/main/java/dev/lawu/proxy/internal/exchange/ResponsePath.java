package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ResponseSource;
import dev.lawu.proxy.http.FieldSection;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.http.HttpVersion;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.spi.BodyTee;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/**
 * A response on its way to the client, whatever its source.
 *
 * <pre>
 * attempt: head -> upstreamResponseFilter -> interception -> \
 *                                                             responseFilter -> client
 * local, cached, error:               head ----------------> /
 *
 * attempt: body -> upstream body filters -> tee -> response body filters -> client
 * local ...                               body -> /
 * </pre>
 *
 * A head goes through alone: its source is paused while a filter's result is pending, so the body waits at the source and not here. A filter may put another response in its place at any step of the
 * head; the source is abandoned then. Once the head has been sent there is no way back: a failure resets the client's stream.
 *
 * <p>When the client has left and the tee wants the rest, the path is <em>detached</em>: everything behind the tee is skipped.
 */
final class ResponsePath {
    private final Exchange exchange;
    private final Suspension.Suspended pending = new Suspension.Suspended();
    private final Middle middle = new Middle();
    private final Downstream downstream = new Downstream();

    private @Nullable ResponseHead head;
    private @Nullable ResponseSource source;
    private @Nullable BodySource body;
    private boolean bodyless; // the source has no body to give
    private boolean sourcePaused;
    private @Nullable BodyPipe upstreamPipe;
    private @Nullable BodyPipe responsePipe;
    private @Nullable BodyTee tee;
    private @Nullable Tunnel tunnel;

    private boolean started; // the head is at the response filters, or further
    private boolean headSent;
    private boolean ended; // everything was given to the client, or it has gone
    private boolean detached;
    private long expected = -1;
    private long sent;

    ResponsePath(Exchange exchange) {
        this.exchange = exchange;
    }

    // ---- from an upstream

    void upstreamHead(Attempt attempt, ResponseHead upstreamHead, boolean last) {
        exchange.hygiene.response(upstreamHead);
        if (!upstreamHead.isInformational()) {
            body = attempt;
            sourcePaused = false;
            bodyless = last;
            head = upstreamHead;
        }
        filterUpstreamHead(attempt, upstreamHead, 0);
        if (pending.isSuspended()) {
            sourcePaused = true;
            attempt.pause();
        }
    }

    private void filterUpstreamHead(Attempt attempt, ResponseHead upstreamHead, int from) {
        Participant[] chain = exchange.engine.table.chain(Phase.UPSTREAM_RESPONSE);
        try {
            for (int i = from; i < chain.length; i++) {
                int next = i + 1;
                FilterResult result =
                        exchange.callbacks.head(Phase.UPSTREAM_RESPONSE, chain[i], attempt, null, upstreamHead);
                if (result instanceof FilterResult.Proceed) {
                    continue;
                }
                Object ready = Suspension.await(
                        exchange,
                        Phase.UPSTREAM_RESPONSE,
                        chain[i],
                        result,
                        pending,
                        (value, failure) -> upstreamHeadFiltered(attempt, upstreamHead, value, failure, next));
                if (ready == null || responded(ready, ResponseSource.LOCAL, upstreamHead)) {
                    return;
                }
            }
            if (upstreamHead.isInformational()) {
                relay(attempt, upstreamHead);
            } else {
                intercept(attempt, upstreamHead);
            }
        } catch (ProxyException e) {
            exchange.upstreamFilterFailed(attempt, e);
        }
    }

    private void upstreamHeadFiltered(
            Attempt attempt,
            ResponseHead upstreamHead,
            @Nullable Object ready,
            @Nullable ProxyException failure,
            int next) {
        if (exchange.isEnded()) {
            return;
        }
        if (ready == null) {
            exchange.upstreamFilterFailed(attempt, Exchange.orInternal(failure));
        } else if (!responded(ready, ResponseSource.LOCAL, upstreamHead)) {
            filterUpstreamHead(attempt, upstreamHead, next);
        }
    }

    private boolean responded(Object ready, ResponseSource by, @Nullable ResponseHead replaced) {
        if (ready instanceof FilterResult.Respond respond) {
            if (replaced != null && replaced != head) {
                exchange.retire(replaced.headers());
            }
            exchange.respond(respond.response(), by);
            return true;
        }
        return false;
    }

    private void relay(Attempt attempt, ResponseHead informational) {
        if (!exchange.isClientGone() && !(informational.status() == 100 && exchange.hasContinued())) {
            exchange.down.respondInformational(informational);
        }
        exchange.retire(informational.headers());
        if (sourcePaused) {
            sourcePaused = false;
            attempt.resume();
        }
    }

    /** The attempt has failed before its final head: an interim one that waits for a filter is not relayed any more. */
    void forgetInterim() {
        pending.drop();
    }

    private void intercept(Attempt attempt, ResponseHead upstreamHead) {
        if (!exchange.isIntercepted()) {
            intercepted(upstreamHead, FilterResult.proceed(), null);
            return;
        }
        Object ready = exchange.interceptResponse(
                attempt, upstreamHead, pending, (value, failure) -> intercepted(upstreamHead, value, failure));
        if (ready != null) {
            intercepted(upstreamHead, ready, null);
        }
    }

    private void intercepted(ResponseHead upstreamHead, @Nullable Object ready, @Nullable ProxyException failure) {
        if (exchange.isEnded()) {
            return;
        }
        if (ready == null) {
            exchange.fail(Exchange.orInternal(failure));
        } else if (!responded(ready, ResponseSource.CACHE, upstreamHead)) {
            boolean last = bodyless;
            try {
                tee = exchange.interceptTee(upstreamHead);
                upstreamPipe = upstreamPipe(last);
            } catch (ProxyException e) {
                exchange.fail(e);
                return;
            }
            begin(ResponseSource.UPSTREAM);
        }
    }

    private @Nullable BodyPipe upstreamPipe(boolean last) {
        Participant[] bodyChain = exchange.engine.table.chain(Phase.UPSTREAM_RESPONSE_BODY);
        Participant[] trailerChain = exchange.engine.table.chain(Phase.UPSTREAM_RESPONSE_TRAILER);
        if (bodyChain.length == 0 && trailerChain.length == 0 || last && !bodyAllowed()) {
            return null;
        }
        return new BodyPipe(
                exchange,
                Phase.UPSTREAM_RESPONSE_BODY,
                Phase.UPSTREAM_RESPONSE_TRAILER,
                bodyChain,
                trailerChain,
                exchange.attempt(),
                middle);
    }

    // ---- from the proxy itself

    /** Takes a local response, in place of what may be on its way. No head has been sent. */
    void local(LocalResponse response, ResponseSource by) {
        replaceSource(response);
        begin(by);
    }

    private void replaceSource(LocalResponse response) {
        ResponseHead before = head;
        letGo(ProxyException.internal(ErrorType.REJECTED, "another response was put in its place", null));
        if (before != null) {
            exchange.retire(before.headers());
        }
        FieldSection section = exchange.loop.sections().take();
        section.copyFrom(response.headers().section());
        head = new ResponseHead(HttpVersion.HTTP_1_1, response.status(), section, 0, 0);
        if (response.closesConnection()) {
            exchange.down.closeAfterResponse();
        }
        if (response.producer() != null) {
            body = new LocalBody(exchange, response.producer());
        } else if (response.streamSource() != null) {
            body = new LocalBody(exchange, new StreamBody(exchange, response.streamSource()));
        } else {
            body = new FixedBody(exchange, response.fixedBody());
        }
        sourcePaused = true;
        bodyless = response.length() == 0;
        // What a 304 says about length is about the representation that is not sent.
        exchange.hygiene.finishResponse(head, response.status() == 304 ? -1 : response.length());
    }

    /** Lets go of an upstream or a producer, of what it has given so far, and of what is pending. The head stays for who logs it. */
    void letGo(ProxyException cause) {
        pending.drop();
        closePipes();
        abortTee(cause);
        Tunnel t = tunnel;
        tunnel = null;
        if (t != null) {
            t.remove();
        }
        BodySource before = body;
        body = null;
        if (before != null) {
            before.abandon(cause);
        }
        exchange.abandonAttempt(cause);
    }

    // ---- to the client

    private void begin(ResponseSource by) {
        source = by;
        started = true;
        if (exchange.isClientGone()) {
            detach();
            return;
        }
        responsePipe = responsePipe();
        filterHead(0);
    }

    private @Nullable BodyPipe responsePipe() {
        Participant[] bodyChain = exchange.seeing(Phase.RESPONSE_BODY);
        Participant[] trailerChain = exchange.seeing(Phase.RESPONSE_TRAILER);
        if (bodyChain.length == 0 && trailerChain.length == 0) {
            return null;
        }
        return new BodyPipe(
                exchange, Phase.RESPONSE_BODY, Phase.RESPONSE_TRAILER, bodyChain, trailerChain, null, downstream);
    }

    private void filterHead(int from) {
        Participant[] chain = exchange.engine.table.chain(Phase.RESPONSE);
        for (int i = from; i < chain.length; i++) {
            Participant participant = chain[i];
            if (!exchange.hasSeen(participant)) {
                continue;
            }
            int next = i + 1;
            try {
                FilterResult result = exchange.callbacks.head(Phase.RESPONSE, participant, null, null, head);
                if (result instanceof FilterResult.Proceed) {
                    continue;
                }
                Object ready = Suspension.await(
                        exchange,
                        Phase.RESPONSE,
                        participant,
                        result,
                        pending,
                        (value, failure) -> headFiltered(value, failure, next));
                if (ready == null) {
                    return;
                }
                replaceHead(ready);
            } catch (ProxyException e) {
                exchange.fail(e);
                return;
            }
        }
        send();
    }

    private void headFiltered(@Nullable Object ready, @Nullable ProxyException failure, int next) {
        if (exchange.isEnded()) {
            return;
        }
        if (ready == null) {
            exchange.fail(Exchange.orInternal(failure));
        } else {
            replaceHead(ready);
            filterHead(next);
        }
    }

    /** A response filter's own response goes on to the filters that have not seen a head yet. */
    private void replaceHead(Object ready) {
        if (ready instanceof FilterResult.Respond respond) {
            replaceSource(respond.response());
            source = ResponseSource.LOCAL;
            responsePipe = responsePipe();
        }
    }

    private boolean bodyAllowed() {
        ResponseHead h = head;
        return h != null && h.status() >= 200 && h.status() != 204 && h.status() != 304 && !exchange.isHead();
    }

    private void send() {
        ResponseHead h = head;
        if (h == null || exchange.isEnded()) {
            return;
        }
        boolean tunnels = exchange.isTunnelStart(h.status());
        if (tunnels && source != ResponseSource.UPSTREAM) {
            exchange.fail(ProxyException.internal(
                    ErrorType.INTERNAL,
                    "a " + h.status() + " of the proxy's own to CONNECT (expected: not 2xx, which begins a tunnel)",
                    null));
            return;
        }
        boolean allowed = bodyAllowed() && !tunnels;
        BodyPipe up = upstreamPipe;
        BodyPipe down = responsePipe;
        boolean filtered = up != null && up.hasBodyFilters() || down != null && down.hasBodyFilters();
        // A length that filters may change is not told for HEAD either, where no body goes through them.
        boolean changes = source == ResponseSource.UPSTREAM
                        && BodyPipe.mayChangeLength(
                                exchange.engine, exchange.engine.table.chain(Phase.UPSTREAM_RESPONSE_BODY))
                || down != null && down.mayChangeLength();
        boolean last = !tunnels && (!allowed || bodyless && !filtered);
        try {
            long length = h.status() == 204 || h.status() < 200 || tunnels || changes
                    ? -1
                    : h.headers().contentLength();
            if (allowed && bodyless && length < 0 && last) {
                length = 0;
            }
            exchange.hygiene.finishResponse(h, length);
            expected = allowed ? length : -1;
        } catch (IllegalStateException e) {
            exchange.fail(ProxyException.internal(ErrorType.INTERNAL, "a response filter left " + e.getMessage(), e));
            return;
        }
        exchange.engineLoop.addDate(h.headers());
        headSent = true;
        exchange.responseHeadSent();
        exchange.down.respond(h, last);
        if (exchange.isEnded()) {
            return;
        }
        if (tunnels) {
            startTunnel();
        } else if (last) {
            ProxyException unsent =
                    ProxyException.internal(ErrorType.REJECTED, "the response has no body to send", null);
            if (bodyless) {
                endTee(null);
            } else {
                abortTee(unsent);
            }
            BodySource rest = body;
            body = null;
            if (rest != null) {
                rest.abandon(unsent);
            }
            downstreamEnded();
        } else if (bodyless) {
            toPipes(Unpooled.EMPTY_BUFFER, true);
        } else {
            flow();
        }
    }

    private void startTunnel() {
        Attempt attempt = exchange.attempt();
        if (attempt != null && attempt.stream() != null && attempt.peer() != null) {
            closePipes();
            Tunnel t = new Tunnel(
                    exchange,
                    exchange.down,
                    attempt.stream(),
                    attempt.peer().options().tunnelIdleTimeout().toNanos());
            tunnel = t;
            t.start();
        }
    }

    // ---- the body

    /** A part of the body, from its source. */
    void data(ByteBuf data, boolean last) {
        if (tunnel != null) {
            tunnel.fromUpstream(data, last);
            return;
        }
        if (ended && !detached || body == null) {
            data.release();
            return;
        }
        toPipes(data, last);
        flow();
    }

    private void toPipes(ByteBuf data, boolean last) {
        BodyPipe up = upstreamPipe;
        if (up != null) {
            up.data(data, last);
        } else {
            middle.data(data, last);
        }
    }

    /** The body ended with trailers, which are the path's. */
    void trailers(Headers trailers) {
        exchange.own(trailers);
        if (ended && !detached || body == null) {
            return;
        }
        BodyPipe up = upstreamPipe;
        if (up != null) {
            up.trailers(trailers);
        } else {
            middle.trailers(trailers);
        }
    }

    /** Makes the source go on or stop, as the path can take more or not. */
    void flow() {
        BodySource b = body;
        boolean begun = headSent || detached && started; // until then the head is on its way, alone
        if (b == null || !begun || tunnel != null) {
            return;
        }
        boolean ready = upstreamPipe != null ? upstreamPipe.isReady() : middle.isWritable();
        if (ready == sourcePaused) {
            sourcePaused = !ready;
            if (ready) {
                b.resume();
            } else {
                b.pause();
            }
        }
    }

    /** Behind the upstream filters: the tee. */
    private final class Middle implements BodyPipe.Output {
        @Override
        public boolean isWritable() {
            BodyPipe down = responsePipe;
            return down != null ? down.isReady() : downstream.isWritable();
        }

        @Override
        public void data(ByteBuf data, boolean last) {
            BodyTee t = tee;
            if (t != null && data.isReadable()) {
                callTee(() -> t.data(data.retainedSlice()), t);
            }
            if (last) {
                endTee(null);
            }
            BodyPipe down = responsePipe;
            if (down != null) {
                down.data(data, last);
            } else {
                downstream.data(data, last);
            }
        }

        @Override
        public void trailers(Headers trailers) {
            endTee(trailers);
            BodyPipe down = responsePipe;
            if (down != null) {
                down.trailers(trailers);
            } else {
                downstream.trailers(trailers);
            }
        }

        @Override
        public void flowChanged() {
            flow();
        }

        @Override
        public void failed(ProxyException cause) {
            exchange.fail(cause);
        }
    }

    /** Behind the response filters: the client. */
    private final class Downstream implements BodyPipe.Output {
        @Override
        public boolean isWritable() {
            return detached || exchange.down.isWritable();
        }

        @Override
        public void data(ByteBuf data, boolean last) {
            if (detached) {
                data.release();
                if (last) {
                    exchange.tryEnd();
                }
                return;
            }
            sent += data.readableBytes();
            if (expected >= 0 && (sent > expected || last && sent < expected)) {
                data.release();
                exchange.fail(ProxyException.internal(
                        ErrorType.INTERNAL,
                        "response body: " + sent + " bytes " + (last ? "in all" : "so far") + " (expected: " + expected
                                + ")",
                        null));
                return;
            }
            exchange.down.write(data, last);
            if (last) {
                downstreamEnded();
            }
        }

        @Override
        public void trailers(Headers trailers) {
            if (!detached) {
                exchange.down.writeTrailers(trailers);
                downstreamEnded();
            } else {
                exchange.tryEnd();
            }
        }

        @Override
        public void flowChanged() {
            flow();
        }

        @Override
        public void failed(ProxyException cause) {
            exchange.fail(cause);
        }
    }

    private void downstreamEnded() {
        if (!ended) {
            ended = true;
            exchange.responseEnded();
        }
    }

    // ---- the tee

    private void callTee(Runnable call, BodyTee t) {
        try {
            call.run();
        } catch (Throwable e) {
            tee = null;
            exchange.logCallbackFailure(t.getClass().getName(), e);
        }
    }

    private void endTee(@Nullable Headers trailers) {
        BodyTee t = tee;
        if (t != null) {
            tee = null;
            Headers told = trailers == null ? Headers.create() : trailers;
            callTee(() -> t.end(told), t);
        }
    }

    private void abortTee(ProxyException cause) {
        BodyTee t = tee;
        if (t != null) {
            tee = null;
            callTee(() -> t.abort(cause), t);
        }
    }

    // ---- ends

    /** The client has left and the rest is for the tee alone. */
    void detach() {
        detached = true;
        ended = true;
        if (started) {
            pending.drop(); // what was pending belonged to the response filters
        }
        BodyPipe down = responsePipe;
        responsePipe = null;
        if (down != null) {
            down.close();
        }
        if (started && tee == null) {
            letGo(ProxyException.downstream(ErrorType.CONNECTION_CLOSED, "the client has left"));
            exchange.tryEnd();
        } else if (started && bodyless) {
            endTee(null);
            exchange.tryEnd();
        } else {
            flow();
        }
    }

    /** The exchange failed or the client has left: nothing more goes to the client. */
    void abort(ProxyException cause) {
        ended = true;
        letGo(cause);
    }

    private void closePipes() {
        BodyPipe up = upstreamPipe;
        BodyPipe down = responsePipe;
        upstreamPipe = null;
        responsePipe = null;
        if (up != null) {
            up.close();
        }
        if (down != null) {
            down.close();
        }
    }

    void retire() {
        ResponseHead h = head;
        if (h != null) {
            exchange.retire(h.headers());
        }
    }

    // ---- for the exchange

    void tunnelEnded() {
        tunnel = null;
        body = null;
        downstreamEnded();
    }

    void upstreamWritable() {
        Tunnel t = tunnel;
        if (t != null) {
            t.upstreamWritable();
        }
    }

    void clientWritable() {
        Tunnel t = tunnel;
        if (t != null) {
            t.clientWritable();
        } else {
            flow();
        }
    }

    void countTunnelled(int bytes) {
        sent += bytes;
    }

    @Nullable
    Tunnel tunnel() {
        return tunnel;
    }

    boolean isTunnel() {
        return tunnel != null;
    }

    boolean isStarted() {
        return started;
    }

    boolean isHeadSent() {
        return headSent;
    }

    boolean hasEnded() {
        return ended;
    }

    boolean isDetached() {
        return detached;
    }

    boolean hasTee() {
        return tee != null;
    }

    long sentBytes() {
        return sent;
    }

    @Nullable
    ResponseHead head() {
        return started ? head : null;
    }

    @Nullable
    ResponseSource source() {
        return source;
    }
}
