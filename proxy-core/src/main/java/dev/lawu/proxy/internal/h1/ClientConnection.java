package dev.lawu.proxy.internal.h1;

import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.http.FieldName;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.internal.h1.HeadEncoder.Framing;
import dev.lawu.proxy.internal.loop.LoopContext;
import dev.lawu.proxy.spi.ClientListener;
import dev.lawu.proxy.spi.ClientStream;
import dev.lawu.proxy.spi.ConnectionInfo;
import dev.lawu.proxy.spi.StreamListener;
import dev.lawu.proxy.upstream.HttpPeer;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A connection to an upstream. It carries one exchange after another; between them it belongs to its {@link Owner}, a pool.
 *
 * <p>What comes in:
 *
 * <pre>
 *   IDLE --listen()--&gt; HEAD --final head, body follows--&gt; BODY --end of body--&gt; ENDED
 *                      HEAD --1xx--&gt; HEAD (at most {@value #MAX_INFORMATIONAL} times)
 *                      HEAD --final head, no body--&gt; ENDED
 *                      HEAD --101, or 2xx to CONNECT--&gt; TUNNEL
 *   ENDED --outermost: the request was sent, nothing is left over, both sides keep the connection--&gt; IDLE, else closed
 * </pre>
 *
 * <p>A byte or a FIN in IDLE, bytes behind the end of a response, and a response that cannot be read all mean that the two ends do not agree on what is being said: the connection is closed and
 * never used again, or the next exchange could be given another one's response.
 *
 * <p>An origin may answer and close before the whole request was sent; then writing fails while its answer is still to be read. So a failed write closes only the direction of writing
 * ({@code AUTO_CLOSE} is off), what was received is told, and the error is told if that was not a whole response.
 */
public final class ClientConnection extends Http1Connection implements ClientStream {
    /** Whom the connection belongs to between exchanges. On its loop. */
    public interface Owner {
        /** The exchange is over, or was not begun, and the connection can be used for another. */
        void released(ClientConnection connection);

        /** It is gone, in use or not. Called once. */
        void closed(ClientConnection connection);
    }

    private enum Input {
        IDLE,
        HEAD,
        BODY,
        TUNNEL,
        ENDED
    }

    private static final int MAX_INFORMATIONAL = 64;
    /** How long an answer is waited for on a connection that can no longer be written to. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(1);

    /** Whom the present exchange chose: of its options, those of an attempt hold. */
    private HttpPeer peer;

    private final Owner owner;
    private final ResponseParser parser;

    private Input in = Input.IDLE;
    private Awaited awaited = Awaited.NOTHING;
    private @Nullable ClientListener listener;
    private @Nullable Throwable failure;
    private boolean listenedTo;

    // The present exchange.
    private boolean sent;
    private boolean reused;
    /** Bytes came before any of the request had left: they answer something else. */
    private boolean unasked;

    private boolean head;
    private boolean connect;
    private boolean upgrade;
    private boolean expectsContinue;
    private boolean requestEnded;
    private boolean persistent;
    private boolean responseBytes;
    private int informational;
    private long flushesBefore;

    /** Makes the last handler of a connection to {@code peer}; {@code limits} are those of heads and trailers. */
    public ClientConnection(
            Channel channel, LoopContext loop, ProxyOptions limits, HttpPeer peer, ConnectionInfo info, Owner owner) {
        super(channel, loop, limits, info, peer.options().writeStallTimeout());
        this.peer = peer;
        this.owner = owner;
        this.parser = new ResponseParser(loop.sections(), limits);
    }

    @Override
    @SuppressWarnings("deprecation") // Netty means to drop AUTO_CLOSE, but has nothing else for this
    public void handlerAdded(ChannelHandlerContext ctx) {
        channel.config().setOption(ChannelOption.AUTO_CLOSE, false);
    }

    /** The peer that was chosen last; equal ones share connections, though not the settings of an attempt. */
    public HttpPeer peer() {
        return peer;
    }

    /** Says whom the next exchange has chosen, for its owner: the timeouts of its options hold from now on. */
    public void lend(HttpPeer chosen) {
        peer = chosen;
        output.stallAfter(chosen.options().writeStallTimeout().toNanos());
    }

    /** True if an exchange can be started: none is going on, and nothing has come that says otherwise. */
    public boolean isUsable() {
        return in == Input.IDLE && !isClosed() && !isInputClosed() && failure == null && channel.isActive();
    }

    /** Closes an idle connection, for its owner. */
    public void closeIdle() {
        if (in == Input.IDLE) {
            close();
        }
    }

    /**
     * Takes this handler out of an idle connection, which then belongs to the caller: its channel may be given another one, on another loop. The owner is told nothing.
     *
     * @return false if something is under way, which leaves everything as it was
     */
    public boolean detach() {
        return isUsable() && letGo();
    }

    /** Says that the connection was used before it got this handler. */
    public void setUsed() {
        listenedTo = true;
    }

    // ---- the request

    @Override
    public void listen(ClientListener to) {
        if (in != Input.IDLE) {
            throw new IllegalStateException("an exchange is going on (expected: listen() once, on an idle connection)");
        }
        listener = to;
        in = Input.HEAD;
        reused = listenedTo;
        listenedTo = true;
        unasked = false;
        sent = false;
        expectsContinue = false;
        requestEnded = false;
        persistent = false;
        responseBytes = false;
        informational = 0;
        flushesBefore = output.flushes();
        clearPause();
        awaited = Awaited.NOTHING;
        readDeadline.cancel();
    }

    @Override
    public void send(RequestHead request, boolean last) {
        if (isClosed() || in != Input.HEAD || sent) {
            return;
        }
        String method = request.method();
        long length = request.headers().contentLength();
        head = method.equals("HEAD");
        connect = method.equals("CONNECT");
        upgrade = request.upgrade() != null;
        Framing framing = Framing.AS_IS;
        if (length >= 0) {
            writer.startFixed(length);
            if (last && length > 0) {
                onMisframed();
                return;
            }
        } else if (last) {
            writer.startFixed(0);
            // Some origins ask for a length of every method that may have a body (RFC 9110, section 8.6).
            boolean usual = method.equals("POST") || method.equals("PUT") || method.equals("PATCH");
            framing = usual ? Framing.EMPTY : Framing.AS_IS;
        } else {
            writer.startChunked();
            framing = Framing.CHUNKED;
        }
        sent = true;
        flushesBefore = output.flushes();
        expectsContinue = !last && request.headers().contains(FieldName.EXPECT); // there is but one expectation
        HeadEncoder.request(output.room(HeadEncoder.bound(request)), request, framing);
        if (last) {
            writer.stop();
            onOutputEnd();
        }
    }

    @Override
    void onOutputEnd() {
        requestEnded = true;
        updateDeadline(false);
    }

    @Override
    public void release() {
        if (in == Input.HEAD && !sent && !isClosed()) {
            listener = null;
            in = Input.ENDED;
            requestEnded = true;
            persistent = true;
            output.schedule(); // and when the turn ends it is given back
        }
    }

    @Override
    public boolean hasResponseBytes() {
        return responseBytes;
    }

    @Override
    void onMisframed() {
        fail(ProxyException.internal(
                ErrorType.INTERNAL, "the request body is not as long as its Content-Length", null));
    }

    @Override
    public void reset(ProxyException cause) {
        if (in != Input.IDLE && in != Input.ENDED) {
            listener = null;
            close();
        }
    }

    // ---- the response

    @Override
    boolean step() throws Refusal {
        if (in == Input.HEAD && input().isReadable()) {
            if (!responseBytes && (!sent || output.flushes() == flushesBefore)) {
                unasked = true;
            } else {
                responseBytes = true;
            }
        }
        switch (in) {
            case IDLE -> {
                if (input().isReadable() || isInputClosed()) {
                    close();
                }
                return false;
            }
            case ENDED -> {
                if (isOutermost()) {
                    endExchange();
                } else {
                    output.schedule();
                }
                return false;
            }
            default -> {
                ClientListener to = listener;
                return to != null && !isPaused() && exchangeStep(to);
            }
        }
    }

    private boolean exchangeStep(ClientListener to) throws Refusal {
        switch (in) {
            case HEAD -> {
                if (input().isReadable()) {
                    if (unasked) {
                        failUnasked();
                        return false;
                    }
                    if (parser.parse(input())) {
                        tellHead(to);
                        return true;
                    }
                }
            }
            case BODY -> {
                if (tellBody(to)) {
                    return true;
                }
            }
            default -> {
                if (failure == null || input().isReadable()) {
                    return tunnelStep(to);
                }
            }
        }
        if (isInputClosed()) {
            if (in == Input.BODY && body.isUntilClose() && failure == null) {
                onMessageEnd();
                to.onData(Unpooled.EMPTY_BUFFER, true);
                return true;
            }
            lost();
        }
        return false;
    }

    /**
     * What answers a request before that was sent must not become its response. On a connection that was used before it is the end of an older exchange, which an origin got wrong, or its reason to
     * close the connection: then this request may go on another one.
     */
    private void failUnasked() throws Refusal {
        if (!reused) {
            throw Refusal.badRequest("unasked", "a response without a request (expected: none)");
        }
        fail(ProxyException.upstream(
                        ErrorType.CONNECTION_CLOSED,
                        peer + " sent bytes on a pooled connection before the request",
                        null)
                .retryable());
    }

    private void tellHead(ClientListener to) throws Refusal {
        int status = parser.status();
        long framing = parser.framing();
        if (status == 101) {
            if (!upgrade || parser.upgradeIndex() < 0 || !requestEnded) {
                throw Refusal.badRequest(
                        "unasked-upgrade",
                        "a 101 "
                                + (upgrade
                                        ? "without Upgrade, or before the end of the request"
                                        : "that was not asked for")
                                + " (expected: another status)");
            }
        } else if (status < 200) {
            if (++informational > MAX_INFORMATIONAL) {
                throw Refusal.badRequest(
                        "too-many-informational", "more than " + MAX_INFORMATIONAL + " informational responses");
            }
            expectsContinue &= status != 100;
            to.onHead(parser.take(), false);
            return;
        }
        if (status == 101 || connect && status < 300) {
            if (!requestEnded) {
                throw Refusal.badRequest("early-tunnel", "a tunnel before the end of the request");
            }
            in = Input.TUNNEL;
            startTunnel();
            to.onHead(parser.take(), false);
            return;
        }
        persistent = parser.isPersistent();
        boolean last = head || status == 204 || status == 304 || framing == 0;
        if (last) {
            in = Input.ENDED;
        } else {
            in = Input.BODY;
            if (framing == HeadParser.NONE) {
                persistent = false;
                body.startUntilClose();
            } else {
                body.start(framing);
            }
        }
        to.onHead(parser.take(), last);
    }

    @Override
    @Nullable
    StreamListener listener() {
        return in == Input.ENDED ? null : listener;
    }

    @Override
    void onMessageEnd() {
        in = Input.ENDED;
    }

    private void endExchange() {
        listener = null;
        if (persistent && requestEnded && !input().isReadable() && !isInputClosed() && failure == null) {
            in = Input.IDLE;
            upgrade = false;
            owner.released(this);
        } else {
            close();
        }
    }

    // ---- time

    @Override
    void updateDeadline(boolean fresh) {
        Awaited now = awaitedNow();
        if (now == awaited && !(now == Awaited.BODY && fresh)) {
            return;
        }
        awaited = now;
        switch (now) {
            case HEAD, CONTINUE ->
                readDeadline.set(peer.options().responseHeadTimeout().toNanos());
            case BODY -> readDeadline.set(peer.options().betweenBytesTimeout().toNanos());
            case LAST_WORDS -> readDeadline.set(LAST_WORDS.toNanos());
            default -> readDeadline.cancel();
        }
    }

    private Awaited awaitedNow() {
        if (isPaused()) {
            return Awaited.NOTHING;
        }
        if (failure != null && listener != null) {
            return Awaited.LAST_WORDS;
        }
        return switch (in) {
            case HEAD ->
                requestEnded
                        ? Awaited.HEAD
                        : expectsContinue && !writer.hasBegun() ? Awaited.CONTINUE : Awaited.NOTHING;
            case BODY -> Awaited.BODY;
            default -> Awaited.NOTHING;
        };
    }

    @Override
    void onReadTimeout() {
        Awaited missed = awaited;
        awaited = Awaited.NOTHING;
        switch (missed) {
            case HEAD, CONTINUE ->
                fail(ProxyException.upstream(
                        ErrorType.RESPONSE_HEAD_TIMEOUT,
                        peer + " sent no " + (responseBytes ? "complete " : "") + "response head within "
                                + peer.options().responseHeadTimeout(),
                        null));
            case BODY ->
                fail(ProxyException.upstream(
                        ErrorType.BODY_TIMEOUT,
                        peer + " sent nothing for " + peer.options().betweenBytesTimeout() + ", after "
                                + body.progress(),
                        null));
            default -> lost();
        }
    }

    @Override
    void onWriteStall() {
        fail(ProxyException.upstream(
                ErrorType.WRITE_TIMEOUT,
                peer + " took nothing for " + peer.options().writeStallTimeout(),
                null));
    }

    // ---- failures

    @Override
    void onRefusal(Refusal refusal) {
        fail(ProxyException.upstream(
                ErrorType.PROTOCOL, peer + " sent " + refusal.reason() + ": " + refusal.detail(), null));
    }

    @Override
    void onInputClosed() {
        // The next step finds it, behind what is still to be told.
    }

    @Override
    void onFailure(Throwable cause) {
        if (in == Input.IDLE) {
            close();
        } else if (!(cause instanceof IOException)) {
            logBug(cause);
            fail(ProxyException.internal(ErrorType.INTERNAL, "the connection to " + peer + " failed: " + cause, cause));
        } else {
            if (failure == null) {
                failure = cause;
            }
            processOutermost(false);
        }
    }

    /** The connection ended before the response did. */
    private void lost() {
        String where = switch (in) {
            case HEAD ->
                !responseBytes
                        ? "before any byte of the response"
                        : parser.hasStarted() ? "within the response head" : "before the final response";
            case BODY -> "within the response body, after " + body.progress();
            default -> "within the tunnel";
        };
        Throwable cause = failure;
        ProxyException error = ProxyException.upstream(
                ErrorType.CONNECTION_CLOSED,
                peer + " closed the connection " + where + (cause == null ? "" : ": " + cause.getMessage()),
                cause);
        // Provable is only what never left this process; a reused connection is the machine's to judge.
        fail(output.flushes() == flushesBefore && !responseBytes ? error.retryable() : error);
    }

    private void fail(ProxyException cause) {
        ClientListener to = listener;
        listener = null;
        close();
        if (to != null && in != Input.ENDED) {
            to.onReset(cause);
        }
    }

    @Override
    void onClose() {
        parser.reset();
    }

    @Override
    void onGone() {
        owner.closed(this);
    }
}
