package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.spi.ClientListener;
import dev.lawu.proxy.spi.ClientStream;
import dev.lawu.proxy.spi.Connector;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerSelection;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import io.netty.buffer.ByteBuf;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * One try to get a response from an upstream: choose a peer, open a stream, send the head and the body, hand what comes back to the {@link ResponsePath}.
 *
 * <p>States go one way: CHOOSING, CONNECTING, PREPARING (the stream is open, nothing is sent), SENT, DONE. DONE is reached once, by success, failure or {@link #abandon}; whatever comes after it is
 * dropped. An attempt tells its exchange about its failure and decides nothing itself, so that several can run side by side.
 */
final class Attempt implements UpstreamAttempt, ClientListener, Connector.Request, BodyPipe.Output, BodySource {
    private enum State {
        CHOOSING,
        CONNECTING,
        PREPARING,
        SENT,
        DONE
    }

    private final Exchange exchange;
    private final int number;
    private final Suspension.Suspended pending = new Suspension.Suspended();
    private State state = State.CHOOSING;
    private @Nullable HttpPeer peer;
    private @Nullable Runnable cancelConnect;
    private @Nullable ClientStream stream;
    private boolean reused;
    private final boolean fresh;
    private @Nullable RequestHead head;
    private @Nullable BodyPipe requestPipe;
    private boolean sent;
    private boolean responseEnded;
    private boolean finalHead;
    private long sendLength = -1;

    /* Facts, kept after the stream is gone. */
    private long connectionNumber;
    private @Nullable SocketAddress remoteAddress;
    private @Nullable SocketAddress localAddress;
    private long requestBytes;
    private long responseBytes;
    long chosenAt;
    long connectedAt;
    long headAt;

    Attempt(Exchange exchange, int number, boolean fresh) {
        this.exchange = exchange;
        this.number = number;
        this.fresh = fresh;
    }

    // ---- choosing and connecting

    void start() {
        Participant proxy = exchange.engine.table.proxyParticipant();
        try {
            PeerSelection selection = exchange.callbacks.upstreamPeer(this);
            if (selection instanceof HttpPeer chosen) {
                connect(chosen);
                return;
            }
            Object ready = Suspension.await(exchange, Phase.UPSTREAM_PEER, proxy, selection, pending, this::peerChosen);
            if (ready != null) {
                connect((HttpPeer) ready);
            }
        } catch (ProxyException e) {
            peerChosen(null, e);
        }
    }

    private void peerChosen(@Nullable Object chosen, @Nullable ProxyException failure) {
        if (state == State.DONE) {
            return;
        }
        if (chosen == null) {
            state = State.DONE;
            exchange.fail(failure == null ? ProxyException.internal(ErrorType.INTERNAL, "no peer", null) : failure);
        } else {
            connect((HttpPeer) chosen);
        }
    }

    private void connect(HttpPeer chosen) {
        peer = chosen;
        chosenAt = exchange.now();
        state = State.CONNECTING;
        Runnable cancel = exchange.connector.open(chosen, this);
        if (state == State.CONNECTING) {
            cancelConnect = cancel;
        }
    }

    @Override
    public boolean isFresh() {
        return fresh;
    }

    @Override
    public @Nullable SocketAddress clientAddress() {
        SocketAddress told = exchange.client.clientAddress(exchange.request);
        return told != null ? told : exchange.down.connection().remoteAddress();
    }

    @Override
    public @Nullable SocketAddress clientLocalAddress() {
        return exchange.client.localAddress();
    }

    @Override
    public void onFailure(ProxyException cause) {
        if (state != State.CONNECTING) {
            return;
        }
        cancelConnect = null;
        state = State.DONE;
        exchange.attempts.failed(this, cause, false);
    }

    @Override
    public void onOpen(ClientStream opened, boolean reused) {
        cancelConnect = null;
        if (state != State.CONNECTING) {
            opened.release();
            return;
        }
        state = State.PREPARING;
        connectedAt = exchange.now();
        stream = opened;
        this.reused = reused;
        connectionNumber = opened.connection().number();
        remoteAddress = opened.connection().remoteAddress();
        localAddress = opened.connection().localAddress();
        opened.listen(this);
        try {
            for (Participant p : exchange.engine.table.chain(Phase.CONNECTED)) {
                exchange.callbacks.call(Phase.CONNECTED, p, (session, s) -> {
                    p.filter.connectedToUpstream(session, this, s);
                    return null;
                });
            }
        } catch (ProxyException e) {
            fail(e);
            return;
        }
        RequestHead copy = exchange.upstreamHead();
        HttpPeer to = peer;
        if (to != null && to.hostOverride() != null) {
            copy.headers().set("Host", to.hostOverride());
        }
        head = copy;
        filterHead(0);
    }

    // ---- the request

    private void filterHead(int from) {
        Participant[] chain = exchange.engine.table.chain(Phase.UPSTREAM_REQUEST);
        try {
            for (int i = from; i < chain.length; i++) {
                int next = i + 1;
                FilterResult result = exchange.callbacks.head(Phase.UPSTREAM_REQUEST, chain[i], this, head, null);
                if (result instanceof FilterResult.Proceed) {
                    continue;
                }
                Object ready = Suspension.await(
                        exchange,
                        Phase.UPSTREAM_REQUEST,
                        chain[i],
                        result,
                        pending,
                        (value, failure) -> headFiltered(value, failure, next));
                if (ready == null || responded(ready)) {
                    return;
                }
            }
        } catch (ProxyException e) {
            fail(e);
            return;
        }
        send();
    }

    private void headFiltered(@Nullable Object ready, @Nullable ProxyException failure, int next) {
        if (state != State.PREPARING) {
            return;
        }
        if (ready == null) {
            fail(failure == null ? ProxyException.internal(ErrorType.INTERNAL, "no result", null) : failure);
        } else if (!responded(ready)) {
            filterHead(next);
        }
    }

    private boolean responded(Object ready) {
        if (ready instanceof FilterResult.Respond respond) {
            exchange.respond(respond.response(), dev.lawu.proxy.ResponseSource.LOCAL);
            return true;
        }
        return false;
    }

    private void send() {
        ClientStream s = stream;
        RequestHead h = head;
        HttpPeer to = peer;
        RequestBody body = exchange.body;
        if (s == null || h == null || to == null || state != State.PREPARING) {
            return;
        }
        try {
            Seams seams = exchange.seams();
            if (seams != null) {
                seams.upstreamRequest(this, h);
            }
            if (body != null) {
                BodyPipe pipe = new BodyPipe(
                        exchange,
                        Phase.REQUEST_BODY,
                        Phase.REQUEST_TRAILER,
                        exchange.engine.table.chain(Phase.REQUEST_BODY),
                        exchange.engine.table.chain(Phase.REQUEST_TRAILER),
                        this,
                        this);
                requestPipe = pipe;
                exchange.hygiene.finishRequest(h, exchange, to, pipe.mayChangeLength());
                sendLength = h.headers().contentLength();
            } else {
                exchange.hygiene.finishRequest(h, exchange, to, false);
            }
        } catch (ProxyException e) {
            fail(e);
            return;
        }
        state = State.SENT;
        sent = true;
        s.send(h, body == null);
        if (state == State.SENT && body != null && requestPipe != null) {
            body.attach(requestPipe);
        }
    }

    /** The pipe's output: the upstream stream. */
    @Override
    public boolean isWritable() {
        ClientStream s = stream;
        return s != null && s.isWritable();
    }

    @Override
    public void data(ByteBuf data, boolean last) {
        ClientStream s = stream;
        if (s == null) {
            data.release();
            return;
        }
        requestBytes += data.readableBytes();
        if (sendLength >= 0 && (requestBytes > sendLength || last && requestBytes < sendLength)) {
            data.release();
            fail(ProxyException.internal(
                    ErrorType.INTERNAL,
                    "request body: " + requestBytes + " bytes after a filter that preserves the length (expected: "
                            + sendLength + ")",
                    null));
            return;
        }
        s.write(data, last);
    }

    @Override
    public void trailers(Headers trailers) {
        ClientStream s = stream;
        if (s != null) {
            s.writeTrailers(trailers);
        }
    }

    @Override
    public void flowChanged() {
        RequestBody body = exchange.body;
        if (body != null) {
            body.pump();
        }
    }

    @Override
    public void failed(ProxyException cause) {
        fail(cause);
    }

    // ---- what comes back

    @Override
    public void onHead(ResponseHead head, boolean last) {
        if (state != State.SENT) {
            exchange.loop.sections().retire(head.headers());
            return;
        }
        exchange.lifetime.own(head.headers());
        if (!head.isInformational()) {
            finalHead = true;
            headAt = exchange.now();
        }
        if (last) {
            responseEnded();
        }
        exchange.response.upstreamHead(this, head, last);
    }

    @Override
    public void onData(ByteBuf data, boolean last) {
        if (state != State.SENT) {
            data.release();
            return;
        }
        responseBytes += data.readableBytes();
        if (last) {
            responseEnded();
        }
        exchange.response.data(data, last);
    }

    @Override
    public void onTrailers(Headers trailers) {
        if (state != State.SENT) {
            exchange.loop.sections().retire(trailers);
            return;
        }
        exchange.lifetime.own(trailers);
        responseEnded();
        exchange.response.trailers(trailers);
    }

    private void responseEnded() {
        responseEnded = true;
        if (!exchange.response.isTunnel()) {
            finish();
        }
    }

    @Override
    public void onWritable() {
        if (state == State.DONE) {
            return;
        }
        flowChanged();
        exchange.response.upstreamWritable();
    }

    @Override
    public void onReset(ProxyException cause) {
        if (state == State.DONE) {
            return;
        }
        ClientStream s = stream;
        boolean stale = reused && s != null && !s.hasResponseBytes() && cause.type() == ErrorType.CONNECTION_CLOSED;
        stream = null;
        close();
        // A pooled connection that dies before it answers was most likely dead already. Only for idempotent requests
        // is it harmless if it was not.
        ProxyException known = stale && isIdempotent() ? cause.retryable() : cause;
        exchange.attempts.failed(this, known, true);
    }

    // ---- ends

    /** The stream has done all that it will do; it goes back to its pool by itself. */
    private void finish() {
        if (state != State.DONE) {
            state = State.DONE;
            stream = null;
            closePipe();
        }
    }

    private void closePipe() {
        BodyPipe pipe = requestPipe;
        RequestBody body = exchange.body;
        if (pipe != null) {
            requestPipe = null;
            pipe.close();
            if (body != null) {
                body.detach();
            }
        }
        pending.drop();
    }

    private void fail(ProxyException cause) {
        if (state == State.DONE) {
            return;
        }
        drop(cause);
        exchange.attempts.failed(this, cause, true);
    }

    /** Ends it without a word to the exchange: its result is not wanted any more. */
    @Override
    public void abandon(ProxyException cause) {
        if (state != State.DONE) {
            drop(cause);
        }
    }

    private void drop(ProxyException cause) {
        ClientStream s = stream;
        boolean wasSent = state == State.SENT;
        stream = null;
        close();
        if (s != null) {
            if (wasSent) {
                s.reset(cause);
            } else {
                s.release();
            }
        }
    }

    private void close() {
        state = State.DONE;
        Runnable cancel = cancelConnect;
        cancelConnect = null;
        if (cancel != null) {
            cancel.run();
        }
        closePipe();
    }

    /** True if something of the request may have reached the upstream. */
    boolean wasSent() {
        return sent;
    }

    /** True if what was sent may be sent again: it is the upstream's copy that counts, whose method a filter may have changed. */
    boolean isIdempotent() {
        RequestHead h = head;
        return h != null && h.isIdempotent();
    }

    boolean isDone() {
        return state == State.DONE;
    }

    boolean hasEnded() {
        return responseEnded;
    }

    boolean hasFinalHead() {
        return finalHead;
    }

    /** The stream, for a tunnel; null once it is gone. */
    @Nullable
    ClientStream stream() {
        return stream;
    }

    /** Ends a tunnel that ended well. */
    void finishTunnel() {
        finish();
    }

    @Override
    public void resume() {
        ClientStream s = stream;
        if (s != null) {
            s.resume();
        }
    }

    @Override
    public void pause() {
        ClientStream s = stream;
        if (s != null) {
            s.pause();
        }
    }

    // ---- facts

    @Override
    public int number() {
        return number;
    }

    @Override
    public @Nullable HttpPeer peer() {
        return peer;
    }

    @Override
    public boolean isConnectionReused() {
        return reused;
    }

    @Override
    public long connectionNumber() {
        return connectionNumber;
    }

    @Override
    public @Nullable SocketAddress remoteAddress() {
        return remoteAddress;
    }

    @Override
    public @Nullable SocketAddress localAddress() {
        return localAddress;
    }

    @Override
    public long connectNanos() {
        return connectedAt == 0 ? -1 : connectedAt - chosenAt;
    }

    @Override
    public long responseHeadNanos() {
        return headAt == 0 ? -1 : headAt - connectedAt;
    }

    @Override
    public long requestBodyBytes() {
        return requestBytes;
    }

    @Override
    public long responseBodyBytes() {
        return responseBytes;
    }

    @Override
    public String toString() {
        return "attempt " + number + " at " + peer;
    }
}
