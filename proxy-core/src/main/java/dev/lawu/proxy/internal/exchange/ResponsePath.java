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
    private final UpstreamHeads upstreamHeads;
    private final TeeOutput tee;
    private final ClientOutput client;
    final Suspension.Suspended headPending = new Suspension.Suspended();

    private @Nullable ResponseHead head;
    private @Nullable ResponseSource source;
    private @Nullable BodySource body;
    private boolean bodyless; // the source has no body to give
    private boolean upstreamTunnel; // the head was adopted from an attempt whose stream it made a tunnel
    private boolean sourcePaused;
    private @Nullable BodyPipe upstreamPipe;
    private @Nullable BodyPipe responsePipe;
    private @Nullable Tunnel tunnel;

    private boolean started; // the head is at the response filters, or further
    private boolean headSent;
    private boolean clientDone; // everything was given to the client, or it has gone
    private boolean detached;

    ResponsePath(Exchange exchange) {
        this.exchange = exchange;
        upstreamHeads = new UpstreamHeads(exchange, this);
        tee = new TeeOutput(exchange, this);
        client = new ClientOutput(exchange, this);
    }

    void reset() {
        headPending.drop();
        closePipes();
        client.reset();
        tunnel = null;
        head = null;
        source = null;
        body = null;
        bodyless = false;
        upstreamTunnel = false;
        sourcePaused = false;
        started = false;
        headSent = false;
        clientDone = false;
        detached = false;
    }

    /** True if nothing of an earlier request is left. */
    boolean isClean() {
        return head == null && source == null && body == null && tunnel == null && !started && !headSent && !clientDone;
    }

    // ---- from an upstream

    /** A head from an attempt, which the exchange owns. */
    void upstreamHead(Attempt attempt, ResponseHead upstreamHead, boolean last) {
        upstreamHeads.take(attempt, upstreamHead, last);
    }

    /** This attempt's response is the one, unless a filter puts another in its place. */
    void adopt(Attempt attempt, ResponseHead upstreamHead, boolean last) {
        body = attempt;
        sourcePaused = false;
        bodyless = last;
        upstreamTunnel = attempt.isTunnel();
        head = upstreamHead;
    }

    void pauseSource(Attempt attempt) {
        sourcePaused = true;
        attempt.pause();
    }

    void resumeSource(Attempt attempt) {
        if (sourcePaused) {
            sourcePaused = false;
            attempt.resume();
        }
    }

    /** The attempt has failed before its final head: an interim one that waits for a filter is not relayed any more. */
    void forgetInterim() {
        headPending.drop();
    }

    /** The head of the upstream goes on to the response filters, and its body to this tee, too. */
    void beginUpstream(@Nullable BodyTee to) {
        tee.open(to);
        upstreamPipe = upstreamPipe();
        begin(ResponseSource.UPSTREAM);
    }

    private @Nullable BodyPipe upstreamPipe() {
        Participant[] bodyChain = exchange.engine.table.chain(Phase.UPSTREAM_RESPONSE_BODY);
        Participant[] trailerChain = exchange.engine.table.chain(Phase.UPSTREAM_RESPONSE_TRAILER);
        if (bodyChain.length == 0 && trailerChain.length == 0 || bodyless && !bodyAllowed()) {
            return null;
        }
        return new BodyPipe(
                exchange,
                Phase.UPSTREAM_RESPONSE_BODY,
                Phase.UPSTREAM_RESPONSE_TRAILER,
                bodyChain,
                trailerChain,
                exchange.attempts.current(),
                tee);
    }

    // ---- from the proxy itself

    /** Takes a local response, in place of what may be on its way. No head has been sent. */
    void local(LocalResponse response, ResponseSource by) {
        replaceSource(response);
        begin(by);
    }

    private void replaceSource(LocalResponse response) {
        letGo(ProxyException.internal(ErrorType.CANCELLED, "another response was put in its place", null));
        FieldSection section = exchange.loop.sections().take();
        section.copyFrom(response.headers().section());
        ResponseHead local = new ResponseHead(HttpVersion.HTTP_1_1, response.status(), section, 0, 0);
        exchange.lifetime.own(local.headers());
        head = local;
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
        upstreamTunnel = false;
        bodyless = response.length() == 0;
        // What a 304 says about length is about the representation that is not sent.
        exchange.hygiene.finishResponse(local, response.status() == 304 ? -1 : response.length());
    }

    /** Lets go of an upstream or a producer, of what it has given so far, and of what is pending. The head stays for who logs it. */
    void letGo(ProxyException cause) {
        headPending.drop();
        closePipes();
        tee.abort(cause);
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
        exchange.attempts.abandon(cause);
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
        Participant[] bodyChain = exchange.phases.seeing(Phase.RESPONSE_BODY);
        Participant[] trailerChain = exchange.phases.seeing(Phase.RESPONSE_TRAILER);
        if (bodyChain.length == 0 && trailerChain.length == 0) {
            return null;
        }
        return new BodyPipe(
                exchange, Phase.RESPONSE_BODY, Phase.RESPONSE_TRAILER, bodyChain, trailerChain, null, client);
    }

    private void filterHead(int from) {
        Participant[] chain = exchange.engine.table.chain(Phase.RESPONSE);
        for (int i = from; i < chain.length; i++) {
            Participant participant = chain[i];
            if (!exchange.phases.hasSeen(participant)) {
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
                        headPending,
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
        if (tunnels != upstreamTunnel || h.status() == 101 && !exchange.asksForUpgrade()) {
            exchange.fail(oneSidedTunnel(h));
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
            if (allowed && bodyless && source == ResponseSource.UPSTREAM && length != 0) {
                // A filter may have made this of a 304, or of the answer to HEAD, whose length is that of what they do
                // not send.
                length = filtered ? -1 : 0;
            } else if (allowed && last && length < 0) {
                length = 0;
            }
            exchange.hygiene.finishResponse(h, length);
            client.expect(allowed ? length : -1);
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
            dropBody();
            clientDone();
        } else if (bodyless) {
            toPipes(Unpooled.EMPTY_BUFFER, true);
        } else {
            flow();
        }
    }

    /** Both connections become a tunnel or neither does: each adapter goes by its own request and the head that it is given. */
    private ProxyException oneSidedTunnel(ResponseHead h) {
        return ProxyException.internal(
                ErrorType.INTERNAL,
                "a " + h.status()
                        + (source != ResponseSource.UPSTREAM
                                ? " of the proxy's own, which begins a tunnel (expected: not 2xx to CONNECT)"
                                : upstreamTunnel
                                        ? " to the client in place of what began a tunnel at the upstream"
                                        : " begins a tunnel that the upstream did not (expected: method, Upgrade and status as they came)"),
                null);
    }

    /** No body is sent with this head, whether its source has one or not. */
    private void dropBody() {
        ProxyException unsent = ProxyException.internal(ErrorType.CANCELLED, "the response has no body to send", null);
        if (bodyless) {
            tee.end(null);
        } else {
            tee.abort(unsent);
        }
        BodySource rest = body;
        body = null;
        if (rest != null) {
            rest.abandon(unsent);
        }
    }

    private void startTunnel() {
        Attempt attempt = exchange.attempts.current();
        if (attempt == null || attempt.stream() == null || attempt.peer() == null) {
            exchange.fail(ProxyException.internal(ErrorType.INTERNAL, "a tunnel without an upstream", null));
        } else {
            closePipes();
            exchange.tunnelStarted();
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
        if (clientDone && !detached || body == null) {
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
            tee.data(data, last);
        }
    }

    /** The body ended with trailers, which the exchange owns. */
    void trailers(Headers trailers) {
        if (clientDone && !detached || body == null) {
            return;
        }
        BodyPipe up = upstreamPipe;
        if (up != null) {
            up.trailers(trailers);
        } else {
            tee.trailers(trailers);
        }
    }

    /** True if the second half of the path can take more. */
    boolean responseReady() {
        BodyPipe down = responsePipe;
        return down != null ? down.isReady() : client.isWritable();
    }

    void toResponseFilters(ByteBuf data, boolean last) {
        BodyPipe down = responsePipe;
        if (down != null) {
            down.data(data, last);
        } else {
            client.data(data, last);
        }
    }

    void toResponseFilters(Headers trailers) {
        BodyPipe down = responsePipe;
        if (down != null) {
            down.trailers(trailers);
        } else {
            client.trailers(trailers);
        }
    }

    /** Makes the source go on or stop, as the path can take more or not. */
    void flow() {
        BodySource b = body;
        boolean begun = headSent || detached && started; // until then the head is on its way, alone
        if (b == null || !begun || tunnel != null) {
            return;
        }
        boolean ready = upstreamPipe != null ? upstreamPipe.isReady() : responseReady();
        if (ready == sourcePaused) {
            sourcePaused = !ready;
            if (ready) {
                b.resume();
            } else {
                b.pause();
            }
        }
    }

    // ---- ends

    /** The client has got everything. */
    void clientDone() {
        // What has ended waits for another request, which must not find it done.
        if (!clientDone && !exchange.isEnded()) {
            clientDone = true;
            exchange.responseEnded();
        }
    }

    /** The client has left and the rest is for the tee alone. */
    void detach() {
        detached = true;
        clientDone = true;
        client.detach();
        if (started) {
            headPending.drop(); // what was pending belonged to the response filters
        }
        BodyPipe down = responsePipe;
        responsePipe = null;
        if (down != null) {
            down.close();
        }
        if (started && !tee.isOpen()) {
            letGo(ProxyException.downstream(ErrorType.CONNECTION_CLOSED, "the client has left"));
            exchange.tryEnd();
        } else if (started && bodyless) {
            tee.end(null);
            exchange.tryEnd();
        } else {
            flow();
        }
    }

    /** The exchange failed or the client has left: nothing more goes to the client. */
    void abort(ProxyException cause) {
        clientDone = true;
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

    void tunnelEnded() {
        tunnel = null;
        body = null;
        clientDone();
    }

    // ---- for the exchange

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
        client.count(bytes);
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

    boolean isClientDone() {
        return clientDone;
    }

    boolean isDetached() {
        return detached;
    }

    boolean hasTee() {
        return tee.isOpen();
    }

    long sentBytes() {
        return client.sent();
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
