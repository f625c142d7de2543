package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.ChunkResult;
import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.http.Headers;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Carries one body through the body and trailer filters of one direction to an output.
 *
 * <p>The pipe holds at most one chunk at a time. While a filter's result is pending or delayed the pipe is not {@link #isReady() ready}; whoever feeds it must stop then and is told by
 * {@link Output#flowChanged()} when to go on. So there is no queue, and the sender's flow control is what bounds memory. The exception is what a filter asked to be held, to its own limit.
 *
 * <p>The end of a body is a chunk with {@code last}, perhaps empty, that every filter sees; if trailers follow, each body filter sees the last chunk first, then the trailer filters are asked.
 */
final class BodyPipe {
    /** Where the pipe ends. */
    interface Output {
        boolean isWritable();

        void data(ByteBuf data, boolean last);

        void trailers(Headers trailers);

        /** {@link BodyPipe#isReady()} may have become true. */
        void flowChanged();

        /** A filter failed; the pipe is closed. */
        void failed(ProxyException cause);
    }

    private static final @Nullable ByteBuf[] NONE = {};

    private final Exchange exchange;
    private final Phase bodyPhase;
    private final Phase trailerPhase;
    private final Participant[] bodyChain;
    private final Participant[] trailerChain;
    private final @Nullable Attempt attempt;
    private final Output output;
    private final Suspension.Suspended pending = new Suspension.Suspended();
    private final @Nullable ByteBuf[] held;
    private @Nullable Future<?> delayed; // the end of a delay that is running
    private boolean closed;

    /* The chunk or the trailers that are on their way, while a result is pending. */
    private @Nullable ByteBuf current;
    private @Nullable ByteBuf collected; // the buffer of a hold, if current is one
    private @Nullable ChunkView view;
    private @Nullable Headers trailers;

    BodyPipe(
            Exchange exchange,
            Phase bodyPhase,
            Phase trailerPhase,
            Participant[] bodyChain,
            Participant[] trailerChain,
            @Nullable Attempt attempt,
            Output output) {
        this.exchange = exchange;
        this.bodyPhase = bodyPhase;
        this.trailerPhase = trailerPhase;
        this.bodyChain = bodyChain;
        this.trailerChain = trailerChain;
        this.attempt = attempt;
        this.output = output;
        this.held = bodyChain.length == 0 ? NONE : new ByteBuf[bodyChain.length];
    }

    /** True if it takes a chunk now. */
    boolean isReady() {
        return !closed && delayed == null && !pending.isSuspended() && output.isWritable();
    }

    /** True if a filter may change the length of the body. */
    boolean mayChangeLength() {
        return mayChangeLength(exchange.engine, bodyChain);
    }

    /** True if one of these filters may change the length of the body. */
    static boolean mayChangeLength(ProxyEngine engine, Participant[] bodyChain) {
        for (Participant p : bodyChain) {
            if (!engine.preservesLength(p)) {
                return true;
            }
        }
        return false;
    }

    /** True if some filter looks at the body. */
    boolean hasBodyFilters() {
        return bodyChain.length > 0;
    }

    /** Carries a chunk, which it owns. */
    void data(ByteBuf data, boolean last) {
        if (closed) {
            data.release();
            return;
        }
        filterBody(data, last, 0);
    }

    /** Ends the body with trailers. */
    void trailers(Headers trailers) {
        if (closed) {
            return;
        }
        this.trailers = trailers;
        filterBody(Unpooled.EMPTY_BUFFER, true, 0);
    }

    /** Forgets everything; what is pending is dropped. */
    void close() {
        closed = true;
        pending.drop();
        Future<?> delay = delayed;
        if (delay != null) {
            delayed = null;
            delay.cancel(false); // it may be an hour away, and would keep all of this alive
        }
        endView();
        ByteBuf c = current;
        current = null;
        if (c != null) {
            c.release();
        }
        for (int i = 0; i < held.length; i++) {
            ByteBuf h = held[i];
            held[i] = null;
            if (h != null) {
                h.release();
            }
        }
    }

    private void endView() {
        ChunkView v = view;
        if (v != null) {
            v.end();
            view = null;
        }
    }

    private void filterBody(ByteBuf data, boolean last, int from) {
        current = data;
        collected = null;
        for (int i = from; i < bodyChain.length; i++) {
            ByteBuf chunk = withHeld(i);
            if (!last && !chunk.isReadable()) {
                break; // an earlier filter dropped it or keeps it back
            }
            Participant participant = bodyChain[i];
            int index = i;
            try {
                ChunkView v = new ChunkView(chunk, last);
                view = v;
                Object ready = Suspension.await(
                        exchange,
                        bodyPhase,
                        participant,
                        exchange.callbacks.chunk(bodyPhase, participant, attempt, v),
                        pending,
                        (result, failure) -> bodyResult(result, failure, last, index));
                if (ready == null || !applied((ChunkResult) ready, last, i)) {
                    return;
                }
            } catch (ProxyException e) {
                fail(e);
                return;
            }
        }
        ByteBuf out = current;
        current = null;
        if (out == null) {
            return;
        }
        if (last && trailers != null) {
            if (out.isReadable()) {
                output.data(out, false);
            } else {
                out.release();
            }
            filterTrailers(0);
        } else if (last || out.isReadable()) {
            output.data(out, last);
        } else {
            out.release();
        }
    }

    private ByteBuf withHeld(int i) {
        ByteBuf chunk = current;
        assert chunk != null;
        ByteBuf before = held[i];
        if (before == null) {
            return chunk;
        }
        held[i] = null;
        Growth.append(before, chunk);
        chunk.release();
        current = before;
        collected = before;
        return before;
    }

    private void bodyResult(@Nullable Object result, @Nullable ProxyException failure, boolean last, int i) {
        if (closed) {
            return;
        }
        if (failure != null || result == null) {
            fail(failure == null ? internal("no result", bodyPhase, bodyChain[i]) : failure);
            return;
        }
        if (applied((ChunkResult) result, last, i)) {
            ByteBuf data = current;
            assert data != null;
            filterBody(data, last, i + 1);
        }
        output.flowChanged();
    }

    /** Does what a filter answered; true to go on with the next filter now. */
    private boolean applied(ChunkResult result, boolean last, int i) {
        endView();
        ByteBuf chunk = current;
        if (chunk == null) {
            return false;
        }
        if (result instanceof ChunkResult.Forward) {
            return true;
        }
        if (result instanceof ChunkResult.Replace replace) {
            chunk.release();
            current = Unpooled.wrappedBuffer(replace.bytes());
            return true;
        }
        if (result instanceof ChunkResult.Drop) {
            chunk.release();
            current = Unpooled.EMPTY_BUFFER;
            return true;
        }
        if (result instanceof ChunkResult.Hold hold) {
            return hold(hold, chunk, last, i);
        }
        if (result instanceof ChunkResult.Delay delay) {
            delay(delay, bodyPhase, bodyChain[i], (then, failure) -> bodyResult(then, failure, last, i));
            return false;
        }
        if (result instanceof ChunkResult.Fail fail) {
            fail(fail.error());
            return false;
        }
        throw new AssertionError(result);
    }

    @SuppressWarnings("ReferenceEquality") // is it the very buffer that was held before?
    private boolean hold(ChunkResult.Hold hold, ByteBuf chunk, boolean last, int i) {
        if (chunk.readableBytes() > hold.limit()) {
            String found = bodyChain[i].name + "." + bodyPhase.method + ": " + chunk.readableBytes()
                    + " bytes to hold (expected: at most " + hold.limit() + ")";
            fail(
                    bodyPhase == Phase.REQUEST_BODY
                            ? ProxyException.downstream(ErrorType.BODY_TOO_LARGE, found)
                            : ProxyException.upstream(ErrorType.BODY_TOO_LARGE, found, null));
            return false;
        }
        if (last) {
            return true;
        }
        // Copied, because a small chunk may keep a large read buffer alive.
        if (chunk == collected) {
            held[i] = chunk;
        } else {
            int capacity = Math.max(256, 2 * chunk.readableBytes());
            held[i] = PooledByteBufAllocator.DEFAULT.buffer(capacity).writeBytes(chunk);
            chunk.release();
        }
        current = Unpooled.EMPTY_BUFFER;
        return true;
    }

    private void delay(ChunkResult.Delay delay, Phase phase, Participant participant, Suspension.Continuation then) {
        Runnable end = () -> {
            if (closed) {
                return;
            }
            delayed = null;
            try {
                Object ready = Suspension.await(exchange, phase, participant, delay.then(), pending, then);
                if (ready != null) {
                    then.resume(ready, null);
                }
            } catch (ProxyException e) {
                fail(e);
            } catch (RuntimeException | Error e) {
                exchange.engineFailed(e);
            }
        };
        delayed = exchange.loop.loop().schedule(end, delay.duration().toNanos(), TimeUnit.NANOSECONDS);
    }

    private void filterTrailers(int from) {
        if (closed) {
            return; // what was given to the output before may have ended everything
        }
        Headers t = trailers;
        for (int i = from; t != null && i < trailerChain.length; i++) {
            Participant participant = trailerChain[i];
            int index = i;
            try {
                Object ready = Suspension.await(
                        exchange,
                        trailerPhase,
                        participant,
                        exchange.callbacks.trailers(trailerPhase, participant, attempt, t),
                        pending,
                        (result, failure) -> trailerResult(result, failure, index));
                if (ready == null || !appliedToTrailers((ChunkResult) ready, i)) {
                    return;
                }
            } catch (ProxyException e) {
                fail(e);
                return;
            }
        }
        if (t != null) {
            trailers = null;
            output.trailers(t);
        }
    }

    private void trailerResult(@Nullable Object result, @Nullable ProxyException failure, int i) {
        if (closed) {
            return;
        }
        if (failure != null || result == null) {
            fail(failure == null ? internal("no result", trailerPhase, trailerChain[i]) : failure);
        } else if (appliedToTrailers((ChunkResult) result, i)) {
            filterTrailers(i + 1);
        }
    }

    private boolean appliedToTrailers(ChunkResult result, int i) {
        if (result instanceof ChunkResult.Forward) {
            return true;
        }
        if (result instanceof ChunkResult.Drop) {
            trailers = null;
            output.data(Unpooled.EMPTY_BUFFER, true);
        } else if (result instanceof ChunkResult.Replace replace) {
            trailers = null;
            output.data(Unpooled.wrappedBuffer(replace.bytes()), true);
        } else if (result instanceof ChunkResult.Delay delay) {
            delay(delay, trailerPhase, trailerChain[i], (then, failure) -> trailerResult(then, failure, i));
        } else if (result instanceof ChunkResult.Fail fail) {
            fail(fail.error());
        } else {
            fail(internal(
                    result + " for trailers (expected: forward, replace, drop, delay, fail or async)",
                    trailerPhase,
                    trailerChain[i]));
        }
        return false;
    }

    private static ProxyException internal(String found, Phase phase, Participant participant) {
        return ProxyException.internal(ErrorType.INTERNAL, participant.name + "." + phase.method + ": " + found, null);
    }

    /** Ends it with an error, which its output is told. */
    void fail(ProxyException cause) {
        close();
        output.failed(cause);
    }
}
