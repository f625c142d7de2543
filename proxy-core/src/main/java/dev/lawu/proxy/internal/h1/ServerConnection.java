package dev.lawu.proxy.internal.h1;

import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.http.HttpVersion;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.internal.h1.HeadEncoder.Framing;
import dev.lawu.proxy.internal.h1.HeadEncoder.Persistence;
import dev.lawu.proxy.internal.loop.LoopContext;
import dev.lawu.proxy.spi.ConnectionInfo;
import dev.lawu.proxy.spi.ExchangeStarter;
import dev.lawu.proxy.spi.ServerStream;
import dev.lawu.proxy.spi.StreamListener;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.DuplexChannel;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A client's connection. It carries one exchange at a time; requests that a client sends ahead wait in the input until the response before theirs is sent (RFC 9112, section 9.3.2).
 *
 * <p>Two small machines run side by side. What comes in:
 *
 * <pre>
 *   HEAD --head, body follows--&gt; BODY --end of body--&gt; WAIT --response sent--&gt; HEAD
 *   HEAD --head, no body-------------------------------&gt; WAIT --101, or 2xx to CONNECT--&gt; TUNNEL
 *   any  --refused, or answered early, or the last response sent--&gt; DISCARD --FIN, enough, or too late--&gt; closed
 * </pre>
 *
 * What goes out, for each exchange:
 *
 * <pre>
 *   NONE --request--&gt; READY --head--&gt; BODY --last--&gt; DONE --outermost--&gt; NONE, or DISCARD of the input
 * </pre>
 *
 * <p>A response that ends before its request leaves bytes under way that belong to nobody. If they are here already they are passed over; else the connection lingers: it closes its own side and
 * reads on for a while, because closing with unread bytes makes the kernel send a RST, and a RST makes the client lose the answer (RFC 9112, section 9.6).
 */
public final class ServerConnection extends Http1Connection implements ServerStream {
    /** Told of each connection, to count and to drain them. On its loop. */
    public interface Owner {
        /** The connection is there. */
        void opened(ServerConnection connection);

        /** It is gone. Called once for each {@link #opened}. */
        void closed(ServerConnection connection);
    }

    private enum Input {
        HEAD,
        BODY,
        WAIT,
        TUNNEL,
        DISCARD
    }

    private enum Output {
        NONE,
        READY,
        BODY,
        DONE
    }

    private enum Timer {
        OFF,
        IDLE,
        HEAD,
        BODY,
        LINGER
    }

    /** After an answer to what was refused, and after a last response. */
    private static final int LINGER_BYTES = 64 * 1024;

    private static final Duration LINGER_TIME = Duration.ofSeconds(2);
    /** After a response that came before the end of its request: an upload is under way. */
    private static final int EARLY_BYTES = 1024 * 1024;

    private static final Duration EARLY_TIME = Duration.ofSeconds(5);

    private final ProxyOptions options;
    private final ExchangeStarter starter;
    private final Owner owner;
    private final RequestParser parser;

    private Input in = Input.HEAD;
    private Output out = Output.NONE;
    private Timer timer = Timer.OFF;
    private @Nullable StreamListener listener;
    private @Nullable ProxyException resetWhileStarting;
    private boolean opened;
    private boolean draining;
    private int requestNumber;
    private long startNanos;
    private int discardLeft;

    // The present request.
    private boolean head;
    private boolean connect;
    private boolean old;
    private boolean awaitsContinue;
    private boolean clientPersists;
    private boolean closeAfter;
    private boolean persistent;
    private @Nullable String upgrade;

    /** Makes the last handler of a client's connection. */
    public ServerConnection(
            Channel channel,
            LoopContext loop,
            ProxyOptions options,
            ExchangeStarter starter,
            ConnectionInfo info,
            Owner owner) {
        super(channel, loop, options, info, options.writeStallTimeout());
        this.options = options;
        this.starter = starter;
        this.owner = owner;
        this.parser = new RequestParser(loop.sections(), options);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        opened = true;
        owner.opened(this);
        if (!isClosed()) {
            updateDeadline(true);
        }
    }

    /** True if no request is being read or answered. */
    public boolean isIdle() {
        return in == Input.HEAD && out == Output.NONE && !parser.hasStarted() && !input().isReadable();
    }

    /** Closes at once if the connection is idle, else after the present response, which says so if its head is still to come. */
    public void drain() {
        draining = true;
        if (isIdle()) {
            close();
        }
    }

    /** Closes now, whatever is going on; the exchange is told. */
    public void cutOff() {
        fail(ProxyException.internal(ErrorType.SHUTDOWN, "the server is closing and the drain time has passed", null));
    }

    // ---- input

    @Override
    boolean step() throws Refusal {
        if (out == Output.DONE && in != Input.DISCARD) {
            if (isOutermost()) {
                return endExchange();
            }
            output.schedule();
            return false;
        }
        switch (in) {
            case HEAD -> {
                return headStep();
            }
            case BODY -> {
                StreamListener to = listener;
                if (to == null || isPaused()) {
                    return false;
                }
                if (tellBody(to)) {
                    return true;
                }
                if (isInputClosed()) {
                    departed("within the request body, after " + body.progress());
                }
                return false;
            }
            case TUNNEL -> {
                StreamListener to = listener;
                return to != null && tunnelStep(to);
            }
            case DISCARD -> {
                discardLeft -= input().readableBytes();
                input().skipBytes(input().readableBytes());
                if (discardLeft <= 0) {
                    close();
                }
                return false;
            }
            default -> {
                return false;
            }
        }
    }

    private boolean headStep() throws Refusal {
        ByteBuf bytes = input();
        if (bytes.isReadable()) {
            if (!parser.hasStarted()) {
                startNanos = loop.time().nanoTime();
            }
            if (parser.parse(bytes)) {
                startExchange();
                return true;
            }
        }
        if (isInputClosed()) {
            close();
        }
        return false;
    }

    private void startExchange() {
        long framing = parser.framing();
        boolean last = framing == HeadParser.NONE || framing == 0;
        old = parser.version() == HttpVersion.HTTP_1_0;
        clientPersists = parser.isPersistent();
        awaitsContinue = parser.expectsContinue() && !last;
        RequestHead request = parser.take();
        head = request.method().equals("HEAD");
        connect = request.method().equals("CONNECT");
        upgrade = request.upgrade();
        closeAfter = false;
        persistent = false;
        requestNumber++;
        clearPause();
        timer = Timer.OFF;
        readDeadline.cancel();
        out = Output.READY;
        if (last) {
            in = Input.WAIT;
        } else {
            in = Input.BODY;
            body.start(framing);
        }
        StreamListener started = starter.start(this, request, last);
        if (!isClosed() && (out == Output.READY || out == Output.BODY)) {
            listener = started;
        } else if (resetWhileStarting != null) {
            started.onReset(resetWhileStarting);
        }
    }

    @Override
    @Nullable
    StreamListener listener() {
        return listener;
    }

    @Override
    void onMessageEnd() {
        in = Input.WAIT;
    }

    /** The response was sent: goes on to the next request if there may be one. */
    private boolean endExchange() {
        boolean complete = in != Input.BODY || body.skipRest(input());
        if (complete && persistent && !draining && !isExhausted()) {
            in = Input.HEAD;
            out = Output.NONE;
            upgrade = null;
            return true;
        }
        if (complete && !clientPersists && !input().isReadable()) {
            // It said that it sends no more: there is nothing that a close could meet half-way.
            in = Input.DISCARD;
            discardLeft = LINGER_BYTES;
            output.drain().addListener(future -> close());
            return false;
        }
        linger(complete ? LINGER_BYTES : EARLY_BYTES, complete ? LINGER_TIME : EARLY_TIME);
        return true;
    }

    /** True if no further request can come. */
    private boolean isExhausted() {
        return isInputClosed() && !input().isReadable();
    }

    private void linger(int bytes, Duration time) {
        in = Input.DISCARD;
        discardLeft = bytes;
        body.reset();
        parser.reset();
        output.drain().addListener(future -> {
            if (isClosed()) {
                return;
            }
            if (future.isSuccess()
                    && !isInputClosed()
                    && !connection().isSecure()
                    && channel instanceof DuplexChannel duplex) {
                duplex.shutdownOutput();
                timer = Timer.LINGER;
                readDeadline.set(time.toNanos());
            } else {
                close();
            }
        });
    }

    @Override
    void updateDeadline(boolean fresh) {
        Timer wanted = wantedTimer();
        if (wanted == timer && !(wanted == Timer.BODY && fresh)) {
            return;
        }
        timer = wanted;
        switch (wanted) {
            case IDLE -> readDeadline.set(options.keepAliveTimeout().toNanos());
            case HEAD -> readDeadline.set(options.headReadTimeout().toNanos());
            case BODY -> readDeadline.set(options.bodyIdleTimeout().toNanos());
            default -> readDeadline.cancel();
        }
    }

    private Timer wantedTimer() {
        return switch (in) {
            case HEAD -> parser.hasStarted() ? Timer.HEAD : Timer.IDLE;
            case BODY -> isPaused() || out == Output.DONE ? Timer.OFF : Timer.BODY;
            case DISCARD -> timer == Timer.LINGER ? Timer.LINGER : Timer.OFF;
            default -> Timer.OFF;
        };
    }

    @Override
    void onReadTimeout() {
        Timer expired = timer;
        timer = Timer.OFF;
        switch (expired) {
            case HEAD ->
                refuse(
                        ErrorType.PROTOCOL,
                        408,
                        "head-timeout",
                        "an incomplete head after " + options.headReadTimeout() + " (expected: the empty line)");
            case BODY ->
                refuse(
                        ErrorType.BODY_TIMEOUT,
                        408,
                        "body-timeout",
                        "no byte of the request body for " + options.bodyIdleTimeout() + ", after " + body.progress());
            default -> close();
        }
    }

    // ---- refusals and departures

    @Override
    void onRefusal(Refusal refusal) {
        refuse(ErrorType.PROTOCOL, refusal.status(), refusal.reason(), refusal.detail());
    }

    /** Ends what was being read. If no response has begun the client is told why. */
    private void refuse(ErrorType type, int status, String reason, String detail) {
        starter.refused(connection(), status, reason, detail);
        boolean answer = out == Output.NONE || out == Output.READY;
        // Before the machine is told, so that whatever it calls finds the exchange over.
        in = Input.DISCARD;
        discardLeft = LINGER_BYTES;
        out = Output.DONE;
        writer.stop();
        tellReset(ProxyException.downstream(type, detail).withStatus(status));
        if (isClosed()) {
            return;
        }
        if (!answer) {
            abort();
            return;
        }
        ResponseHead response = ResponseHead.of(status, "Date", HttpDate.format(loop.time()));
        ByteBuf to = output.room(HeadEncoder.bound(response));
        HeadEncoder.response(to, response, Framing.EMPTY, Persistence.CLOSE, null);
        linger(LINGER_BYTES, LINGER_TIME);
        processOutermost(false);
    }

    private void tellReset(ProxyException cause) {
        StreamListener to = listener;
        listener = null;
        if (to != null) {
            to.onReset(cause);
        } else if (out == Output.READY || out == Output.BODY) {
            resetWhileStarting = cause;
        }
    }

    @Override
    void onInputClosed() {
        switch (in) {
            case BODY, WAIT -> {
                if (!options.halfClose() && (out == Output.READY || out == Output.BODY)) {
                    departed("while its request was being answered");
                }
            }
            case DISCARD -> {
                if (timer == Timer.LINGER) {
                    close();
                }
            }
            default -> {
                // The next step finds it, behind what is still to be read.
            }
        }
    }

    private void departed(String when) {
        fail(ProxyException.downstream(ErrorType.CONNECTION_CLOSED, "the client closed the connection " + when));
    }

    private void fail(ProxyException cause) {
        boolean truncates = out == Output.BODY && writer.isRaw();
        writer.stop();
        tellReset(cause);
        if (truncates) {
            abort();
        } else {
            close();
        }
    }

    @Override
    void onFailure(Throwable cause) {
        logBug(cause);
        String message = "the connection to the client failed: " + cause;
        fail(
                cause instanceof IOException
                        ? ProxyException.downstream(ErrorType.CONNECTION_CLOSED, message)
                        : ProxyException.internal(ErrorType.INTERNAL, message, cause));
    }

    @Override
    void onWriteStall() {
        String detail = "the client took nothing for " + options.writeStallTimeout();
        writer.stop();
        tellReset(ProxyException.downstream(ErrorType.WRITE_TIMEOUT, detail));
        abort();
    }

    @Override
    void onMisframed() {
        writer.stop();
        tellReset(ProxyException.internal(
                ErrorType.INTERNAL, "the response body is not as long as its Content-Length", null));
        abort();
    }

    @Override
    public void reset(ProxyException cause) {
        if (out == Output.READY || out == Output.BODY) {
            listener = null;
            if (out == Output.BODY && writer.isRaw()) {
                abort();
            } else {
                close();
            }
        }
    }

    // ---- output

    @Override
    public void respondInformational(ResponseHead response) {
        if (isClosed() || old || out != Output.READY) {
            return;
        }
        awaitsContinue &= response.status() != 100;
        ByteBuf to = output.room(HeadEncoder.bound(response));
        HeadEncoder.response(to, response, Framing.NO_LENGTH, Persistence.DEFAULT, null);
    }

    @Override
    public void respond(ResponseHead response, boolean last) {
        if (isClosed() || out != Output.READY) {
            return;
        }
        int status = response.status();
        if (status == 101 || connect && status >= 200 && status < 300) {
            respondTunnel(response);
            return;
        }
        if (status < 200) {
            throw new IllegalArgumentException("status: " + status + " (expected: 200..999, or 101)");
        }
        long length = response.headers().contentLength();
        Framing framing = Framing.AS_IS;
        boolean untilClose = false;
        if (head || status == 304) {
            writer.startBodiless();
        } else if (status == 204) {
            writer.startBodiless();
            framing = Framing.NO_LENGTH;
        } else if (length >= 0) {
            writer.startFixed(length);
            if (last && length > 0) {
                onMisframed();
                return;
            }
        } else if (last) {
            writer.startFixed(0);
            framing = Framing.EMPTY;
        } else if (old) {
            writer.startRaw();
            untilClose = true;
        } else {
            writer.startChunked();
            framing = Framing.CHUNKED;
        }
        boolean refusedBody = awaitsContinue && in == Input.BODY && body.isUntouched() && !input().isReadable();
        persistent = clientPersists
                && !closeAfter
                && !draining
                && !untilClose
                && !refusedBody
                && !isExhausted()
                && requestNumber < options.maxRequestsPerConnection();
        Persistence persistence = !persistent ? Persistence.CLOSE : old ? Persistence.KEEP_ALIVE : Persistence.DEFAULT;
        out = Output.BODY;
        HeadEncoder.response(output.room(HeadEncoder.bound(response)), response, framing, persistence, null);
        if (last) {
            writer.stop();
            onOutputEnd();
        }
    }

    private void respondTunnel(ResponseHead response) {
        String protocol = response.status() == 101 ? response.upgrade() : null;
        if (response.status() == 101 && (upgrade == null || protocol == null)) {
            throw new IllegalArgumentException(
                    "status: 101 to " + protocol + " (expected: a protocol that the client asked for)");
        }
        if (in == Input.BODY) {
            throw new IllegalStateException("a tunnel before the end of the request (expected: its last data first)");
        }
        out = Output.BODY;
        HeadEncoder.response(
                output.room(HeadEncoder.bound(response)), response, Framing.NO_LENGTH, Persistence.DEFAULT, protocol);
        in = Input.TUNNEL;
        startTunnel(); // what has come ahead is told when this turn ends: flush() takes steps
    }

    @Override
    void onOutputEnd() {
        out = Output.DONE;
        listener = null;
        output.schedule(); // the end may have had no bytes of its own, and the next exchange waits for the turn's end
    }

    @Override
    boolean trailersAllowed() {
        return !old;
    }

    @Override
    public void closeAfterResponse() {
        closeAfter = true;
    }

    @Override
    public int requestNumber() {
        return requestNumber;
    }

    @Override
    public long startNanos() {
        return startNanos;
    }

    @Override
    void onClose() {
        parser.reset();
    }

    @Override
    void onGone() {
        if (opened) {
            opened = false;
            owner.closed(this);
        }
    }
}
