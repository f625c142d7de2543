package dev.lawu.proxy.internal.h1;

import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.http.DataRate;
import dev.lawu.proxy.http.FieldName;
import dev.lawu.proxy.http.FieldSection;
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
 * <p>A response that ends before its request leaves bytes under way that belong to nobody. If they are here already they are passed over; else the connection goes the way of a
 * {@link LingeringClose}.
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

    private static final FieldName CONTENT_TYPE = FieldName.of("Content-Type");

    /** How many times as long as for a byte of its body a client waits for an answer to its expectation. */
    private static final int UNDECIDED = 4;

    private final ProxyOptions options;
    private final ExchangeStarter starter;
    private final Owner owner;
    private final RequestParser parser;
    private final LingeringClose lingering = new LingeringClose(this);

    private Input in = Input.HEAD;
    private Output out = Output.NONE;
    private @Nullable StreamListener listener;
    private @Nullable ProxyException resetWhileStarting;
    private boolean opened;
    private boolean draining;
    private int requestNumber;
    private long startNanos;

    // The present request.
    private final RequestFacts request = new RequestFacts();
    private boolean persistent;

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
        output.takeAtLeast(options.minResponseRate());
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        opened = true;
        owner.opened(this);
        if (!isClosed()) {
            deadlines.update(true);
        }
    }

    /** True if no request is being read or answered. */
    public boolean isIdle() {
        return in == Input.HEAD && out == Output.NONE && !parser.hasStarted() && !input().isReadable();
    }

    /** Closes if the connection is idle, as soon as what it was sent is taken, else after the present response, which says so if its head is still to come. */
    public void drain() {
        draining = true;
        if (isIdle()) {
            endIdle();
        }
    }

    /** No request comes any more. The last response may still wait to be taken by the client. */
    private void endIdle() {
        if (output.isEmpty()) {
            close();
        } else {
            out = Output.DONE;
            linger(false);
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
        StreamListener to = listener;
        return switch (in) {
            case HEAD -> headStep();
            case BODY -> to != null && !isPaused() && bodyStep(to);
            case TUNNEL -> to != null && tunnelStep(to);
            case WAIT -> false;
            case DISCARD -> {
                lingering.discard(input());
                yield false;
            }
        };
    }

    private boolean bodyStep(StreamListener to) throws Refusal {
        if (input().isReadable()) {
            request.bodyCame();
        }
        if (tellBody(to)) {
            return true;
        }
        if (isInputClosed()) {
            departed("within the request body, after " + body.progress());
        }
        return false;
    }

    private boolean headStep() throws Refusal {
        ByteBuf bytes = input();
        if (bytes.isReadable()) {
            if (!parser.hasStarted()) {
                if (!output.isWritable()) {
                    return false; // heads alone fill the queue, too: the next request waits for its responses to be
                    // taken
                }
                startNanos = loop.time().nanoTime();
            }
            if (parser.parse(bytes)) {
                startExchange();
                return true;
            }
        }
        if (isInputClosed()) {
            endIdle();
        }
        return false;
    }

    private void startExchange() {
        long framing = parser.framing();
        boolean last = framing == HeadParser.NONE || framing == 0;
        RequestHead head = request.take(parser, last);
        persistent = false;
        requestNumber++;
        clearPause();
        deadlines.restart();
        out = Output.READY;
        if (last) {
            in = Input.WAIT;
        } else {
            in = Input.BODY;
            body.start(framing);
        }
        StreamListener started = starter.start(this, head, last);
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
            return true;
        }
        if (complete && !request.clientPersists() && !input().isReadable()) {
            // It said that it sends no more: there is nothing that a close could meet half-way.
            in = Input.DISCARD;
            lingering.startWithoutWaiting();
            return false;
        }
        linger(!complete);
        return true;
    }

    /** True if no further request can come. */
    private boolean isExhausted() {
        return isInputClosed() && !input().isReadable();
    }

    private void linger(boolean early) {
        in = Input.DISCARD;
        body.reset();
        parser.reset();
        lingering.start(early);
    }

    @Override
    public Duration limit(Awaited what) {
        return switch (what) {
            case REQUEST -> options.keepAliveTimeout();
            case HEAD -> options.headReadTimeout();
            case CONTINUE -> options.bodyIdleTimeout().multipliedBy(UNDECIDED);
            default -> options.bodyIdleTimeout();
        };
    }

    @Override
    public Awaited awaited() {
        return switch (in) {
            // A client that is still being sent a response is not idle; the limit on write stalls holds for it.
            case HEAD -> parser.hasStarted() ? Awaited.HEAD : output.isEmpty() ? Awaited.REQUEST : Awaited.NOTHING;
            case BODY -> {
                if (isPaused() || out == Output.DONE) {
                    yield Awaited.NOTHING;
                }
                // The client waits for us, not we for the client.
                yield !isExpectationOpen() ? Awaited.BODY : out == Output.READY ? Awaited.CONTINUE : Awaited.NOTHING;
            }
            default -> Awaited.NOTHING;
        };
    }

    /** True if the client may be waiting for a 100 before it sends the first byte of the body. */
    private boolean isExpectationOpen() {
        return request.awaitsContinue() && in == Input.BODY && !input().isReadable();
    }

    @Override
    public void onReadTimeout(Awaited missed) {
        switch (missed) {
            case HEAD ->
                refuse(
                        ErrorType.PROTOCOL,
                        408,
                        "head-timeout",
                        "an incomplete head after " + options.headReadTimeout() + " (expected: the empty line)");
            // Nobody has decided, perhaps because a filter took the expectation away. The client need not know that.
            case CONTINUE -> respondInformational(ResponseHead.of(100));
            case BODY ->
                refuse(
                        ErrorType.BODY_TIMEOUT,
                        408,
                        "body-timeout",
                        "no byte of the request body for " + options.bodyIdleTimeout() + ", after " + body.progress());
            default -> close();
        }
    }

    @Override
    public DataRate leastBodyRate() {
        return options.minRequestBodyRate();
    }

    @Override
    public void onSlowBody() {
        refuse(
                ErrorType.BODY_RATE,
                408,
                "body-rate",
                "a request body of less than " + options.minRequestBodyRate() + ", after " + body.progress());
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
        HeadEncoder.refusal(output, status, loop.date().now());
        linger(false);
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
            case DISCARD -> lingering.inputClosed();
            case HEAD -> {
                if (!options.halfClose() && input().isReadable() && !output.isWritable()) {
                    endIdle(); // requests were waiting for their turn, and nobody waits for their answers any more
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
        boolean begun = out == Output.BODY;
        boolean truncates = begun && writer.isRaw();
        writer.stop();
        tellReset(cause);
        end(begun, truncates);
    }

    /**
     * Closes in the middle of an exchange. What was sent of a response that has {@code begun} goes out: clients repeat requests that they take for unanswered. If the close would be the end of the
     * body the connection is reset.
     */
    private void end(boolean begun, boolean truncates) {
        if (truncates) {
            abort();
            return;
        }
        if (begun) {
            output.flushNow();
        }
        close();
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
    public void onWriteStall() {
        cutOff(ErrorType.WRITE_TIMEOUT, "write-stall", "the client took nothing for " + options.writeStallTimeout());
    }

    @Override
    public void onSlowReader() {
        cutOff(ErrorType.WRITE_RATE, "response-rate", "the client took less than " + options.minResponseRate());
    }

    /** What is sent stands still, perhaps behind the end of its exchange: it is counted here, too. */
    private void cutOff(ErrorType type, String reason, String detail) {
        starter.refused(connection(), 0, reason, detail);
        breakOff(ProxyException.downstream(type, detail));
    }

    @Override
    void onMisframed() {
        breakOff(ProxyException.internal(
                ErrorType.INTERNAL, "the response body is not as long as its Content-Length", null));
    }

    private void breakOff(ProxyException cause) {
        writer.stop();
        tellReset(cause);
        abort();
    }

    @Override
    public void reset(ProxyException cause) {
        if (out == Output.READY || out == Output.BODY) {
            listener = null;
            end(out == Output.BODY, out == Output.BODY && writer.isRaw());
        }
    }

    // ---- output

    @Override
    public void respondInformational(ResponseHead response) {
        if (isClosed() || request.isOld() || out != Output.READY) {
            return;
        }
        request.informed(response.status());
        ByteBuf to = output.room(HeadEncoder.bound(response));
        HeadEncoder.response(to, response, Framing.NO_LENGTH, Persistence.DEFAULT, null);
    }

    @Override
    public void respond(ResponseHead response, boolean last) {
        if (isClosed() || out != Output.READY) {
            return;
        }
        if (request.startsTunnel(response)) {
            respondTunnel(response);
            return;
        }
        Framing framing = request.startBody(response, last, writer);
        if (framing == null) {
            onMisframed();
            return;
        }
        boolean refusedBody = isExpectationOpen();
        persistent = request.mayPersist()
                && !draining
                && !writer.isRaw()
                && !refusedBody
                && !isExhausted()
                && requestNumber < options.maxRequestsPerConnection();
        Persistence persistence =
                !persistent ? Persistence.CLOSE : request.isOld() ? Persistence.KEEP_ALIVE : Persistence.DEFAULT;
        out = Output.BODY;
        ByteBuf to = output.room(HeadEncoder.bound(response));
        boolean alone = !to.isReadable();
        HeadEncoder.response(to, response, framing, persistence, null);
        if (last) {
            writer.stop();
            onOutputEnd();
        } else if (alone && writer.expectsAtMost(OutputBuffer.HELD_FOR) && !isEventStream(response)) {
            output.hold();
        }
    }

    /** True if the body is a stream of events: whoever reads one wants to know at once that it has begun. */
    private static boolean isEventStream(ResponseHead response) {
        FieldSection fields = response.headers().section();
        int type = fields.find(CONTENT_TYPE, 0);
        return type >= 0 && HeadParser.startsWith(fields, type, "text/event-stream");
    }

    private void respondTunnel(ResponseHead response) {
        if (in == Input.BODY) {
            throw new IllegalStateException("a tunnel before the end of the request (expected: its last data first)");
        }
        out = Output.BODY;
        HeadEncoder.response(
                output.room(HeadEncoder.bound(response)),
                response,
                Framing.NO_LENGTH,
                Persistence.DEFAULT,
                response.status() == 101 ? response.upgrade() : null);
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
        return !request.isOld();
    }

    @Override
    public void closeAfterResponse() {
        request.endConnection();
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
        lingering.stop();
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
