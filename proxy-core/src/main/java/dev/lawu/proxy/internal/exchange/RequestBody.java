package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.spi.ServerStream;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The request body between the client and the attempts: passes it on as the attempt takes it, keeps the beginning for another attempt, and collects all of it when a filter asks for that.
 *
 * <p>The client is read only while somebody wants its bytes. What is kept is a copy, so that a kept byte never pins a read buffer; once the body outgrows the replay limit nothing is kept, and no
 * other attempt is possible.
 */
final class RequestBody {
    private final ServerStream down;
    private final int replayLimit;

    /** The body from its first byte on, as far as it is kept; null before the first byte and after it was given up. */
    private @Nullable ByteBuf kept;

    private boolean givenUp;
    private long received;
    private boolean ended;
    private @Nullable Headers trailers;

    /* Collecting for a filter. */
    private int collectLimit;
    private @Nullable CompletableFuture<byte[]> collector;
    private @Nullable ProxyException failure;

    /* The attempt that takes it. */
    private @Nullable BodyPipe pipe;
    private int told; // bytes of kept that the pipe has got
    private boolean endTold;
    private boolean pumping;
    private boolean closed;

    RequestBody(ServerStream down, int replayLimit) {
        this.down = down;
        this.replayLimit = replayLimit;
    }

    long received() {
        return received;
    }

    boolean isEnded() {
        return ended;
    }

    /** True if nothing was lost, so that another attempt can be given the whole body. */
    boolean canReplay() {
        return !givenUp && failure == null;
    }

    /** What it says if it {@linkplain #canReplay() cannot be given again}. */
    String whyNotReplayed() {
        return "its body of " + received + " bytes so far is not at hand (expected: at most " + replayLimit
                + " bytes in memory)";
    }

    /** True if the client's next bytes are what is waited for. */
    boolean isAwaited() {
        BodyPipe p = pipe;
        return !ended && !closed && (isCollecting() || p != null && p.isReady() && !isBehind());
    }

    /** True if the attempt has not got all that is there. */
    private boolean isBehind() {
        return kept != null && told < kept.readableBytes();
    }

    /** True if the client has begun to send it. */
    boolean hasBegun() {
        return received > 0 || ended;
    }

    /** Collects all of it; see {@code Session.bufferRequestBody}. */
    CompletionStage<byte[]> collect(int limit) {
        if (collector != null) {
            throw new IllegalStateException("bufferRequestBody: called before for this request (expected: one call)");
        }
        if (pipe != null || givenUp) {
            throw new IllegalStateException(
                    "bufferRequestBody: the body is on its way upstream (expected: a call in a request phase)");
        }
        collectLimit = limit;
        CompletableFuture<byte[]> future = new CompletableFuture<>();
        collector = future;
        if (failure != null) {
            future.completeExceptionally(failure);
        } else if (ended) {
            collected();
        } else {
            // Not now: this is a callback, and what the client sent, or its departure, may be told at once.
            down.eventLoop().execute(this::resumeToCollect);
        }
        // Not the future itself: whoever completes or cancels that would make us believe that the body is there.
        return future.minimalCompletionStage();
    }

    private void resumeToCollect() {
        if (isCollecting()) {
            down.resume();
        }
    }

    private void collected() {
        CompletableFuture<byte[]> future = collector;
        ByteBuf all = kept;
        if (future != null && !future.isDone()) {
            future.complete(all == null ? new byte[0] : ByteBufUtil.getBytes(all));
        }
        pump(); // for a filter that did not wait for it
    }

    private boolean isCollecting() {
        return collector != null && !collector.isDone();
    }

    /** Gives the body to an attempt, from its first byte on. */
    void attach(BodyPipe pipe) {
        this.pipe = pipe;
        told = 0;
        endTold = false;
        pump();
    }

    /** The attempt takes no more. */
    void detach() {
        pipe = null;
        if (!closed && !ended) {
            down.pause();
        }
    }

    /** From the client. */
    void data(ByteBuf data, boolean last) {
        received += data.readableBytes();
        ended |= last;
        if (closed) {
            data.release();
            return;
        }
        if (isCollecting()) {
            collect(data, last);
            return;
        }
        BodyPipe p = pipe;
        if (p == null) {
            // A stream that is paused tells nothing but, perhaps, an end that it had told already.
            if (!keep(data)) {
                giveUp(); // it is not whole any more, so no attempt gets it
                down.pause();
            }
            data.release();
            return;
        }
        if (!givenUp && !keep(data)) {
            giveUp();
        }
        if (kept != null) {
            told = kept.readableBytes();
        }
        endTold |= last;
        p.data(data, last);
        flow();
    }

    private void collect(ByteBuf data, boolean last) {
        // Kept even if it is too much: a filter may go on all the same, and then nothing may be missing.
        append(data);
        data.release();
        int size = kept == null ? 0 : kept.readableBytes();
        if (size > collectLimit) {
            down.pause();
            CompletableFuture<byte[]> future = collector;
            if (future != null) {
                future.completeExceptionally(ProxyException.downstream(
                        ErrorType.BODY_TOO_LARGE,
                        "request body: at least " + size + " bytes (expected: at most " + collectLimit + ")"));
            }
            pump(); // for a filter that did not wait for it
        } else if (last) {
            collected();
        }
    }

    /** Copies the data behind what is kept; false if that is too much. */
    private boolean keep(ByteBuf data) {
        int size = kept == null ? 0 : kept.readableBytes();
        if (givenUp || size + data.readableBytes() > Math.max(replayLimit, collectLimit)) {
            return false;
        }
        append(data);
        return true;
    }

    private void append(ByteBuf data) {
        if (data.isReadable()) {
            ByteBuf k = kept;
            if (k == null) {
                k = PooledByteBufAllocator.DEFAULT.buffer(Math.max(256, data.readableBytes()));
                kept = k;
            }
            Growth.append(k, data);
        }
    }

    private void giveUp() {
        givenUp = true;
        ByteBuf k = kept;
        kept = null;
        if (k != null) {
            k.release();
        }
    }

    /** From the client. */
    void trailers(Headers trailers) {
        ended = true;
        this.trailers = trailers;
        if (isCollecting()) {
            collected();
        } else {
            pump();
        }
    }

    /** The pipe may be ready again. */
    void pump() {
        if (pumping || closed) {
            return;
        }
        pumping = true;
        // The pipe is looked up each time: an attempt that fails while it is told may be followed by the next one at
        // once.
        for (BodyPipe p = pipe; p != null && p.isReady() && !endTold; p = pipe) {
            ByteBuf k = kept;
            Headers t = trailers;
            if (k != null && told < k.readableBytes()) {
                int length = Math.min(k.readableBytes() - told, 64 * 1024);
                int from = told;
                told += length;
                boolean last = ended && t == null && told == k.readableBytes();
                endTold |= last;
                // A copy: what is kept may move in memory when more is kept, under a socket's feet.
                p.data(k.copy(k.readerIndex() + from, length), last);
            } else if (ended) {
                endTold = true;
                if (t != null) {
                    p.trailers(t.copy());
                } else {
                    p.data(Unpooled.EMPTY_BUFFER, true);
                }
            } else {
                break;
            }
        }
        pumping = false;
        flow();
    }

    private void flow() {
        BodyPipe p = pipe;
        if (closed || ended || p == null) {
            return;
        }
        if (p.isReady() && !isBehind()) {
            down.resume();
        } else {
            down.pause();
        }
    }

    /** The client has gone, or the exchange is over; what waits for the body fails. */
    void close(ProxyException cause) {
        if (closed) {
            return;
        }
        closed = true;
        pipe = null;
        failure = cause;
        giveUp();
        CompletableFuture<byte[]> future = collector;
        if (future != null && !future.isDone()) {
            future.completeExceptionally(cause);
        }
    }
}
