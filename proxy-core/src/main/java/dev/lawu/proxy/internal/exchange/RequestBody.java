package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.internal.loop.LoopContext;
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
 * <p>The client is read only while somebody wants its bytes. What is kept is a copy, so that a kept byte never pins a read buffer. Once the body outgrows the replay limit what is kept goes into a file,
 * block by block, and the client is not read while two blocks wait; or, if there is to be no file or it has failed, nothing is kept and no other attempt is possible. An attempt that is being given
 * the body from the file when that fails is broken off: it must not seem to be whole.
 */
final class RequestBody implements BodySpill.Owner {
    /** From this size on what is kept goes into the file. */
    private static final int BLOCK = 128 * 1024;

    private static final int PIECE = 64 * 1024;

    private final ServerStream down;
    private final ProxyEngine engine;
    private final LoopContext loop;
    private final int replayLimit;

    /** The body from its first byte on, or from where the file ends, as far as it is kept; null while there is none, and after it was given up. */
    private @Nullable ByteBuf kept;

    private @Nullable BodySpill spill;
    private boolean givenUp;
    private @Nullable String whyGivenUp;
    private long received;
    private boolean ended;
    private @Nullable Headers trailers;

    /* Collecting for a filter. */
    private int collectLimit;
    private @Nullable CompletableFuture<byte[]> collector;
    private @Nullable ProxyException failure;

    /* The attempt that takes it. */
    private @Nullable BodyPipe pipe;
    private long told; // bytes of what is kept that the pipe has got
    private boolean endTold;
    private boolean pumping;
    private boolean closed;

    RequestBody(ServerStream down, ProxyEngine engine, LoopContext loop) {
        this.down = down;
        this.engine = engine;
        this.loop = loop;
        this.replayLimit = engine.options.replayBuffer();
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
        return "its body is not at hand: " + (whyGivenUp == null ? "it did not arrive" : whyGivenUp);
    }

    /** True if the client's next bytes are what is waited for. */
    boolean isAwaited() {
        BodyPipe p = pipe;
        return !ended && !closed && (isCollecting() || p != null && p.isReady() && !isBehind() && !isFull());
    }

    /** True if the attempt has not got all that is there. */
    private boolean isBehind() {
        return told < size();
    }

    /** Bytes that are kept. */
    private long size() {
        BodySpill s = spill;
        ByteBuf k = kept;
        return (s == null ? 0 : s.bytes()) + (k == null ? 0 : k.readableBytes());
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
        if (pipe != null || givenUp || spill != null) {
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
            down.resume(); // the adapter catches what fails in it
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
            keep(data);
            store();
            if (givenUp) {
                down.pause(); // it is not whole any more, so no attempt gets it
            }
            data.release();
            return;
        }
        if (isBehind()) { // an end that was told already: what is kept comes first
            keep(data);
            store();
            data.release();
            pump();
            return;
        }
        keep(data);
        told = size();
        store();
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

    /** Copies the data behind what is kept, or gives up. */
    private void keep(ByteBuf data) {
        if (givenUp) {
            return;
        }
        long size = size() + data.readableBytes();
        ReplayDisk disk = engine.replayDisk;
        if (spill == null && size > Math.max(replayLimit, collectLimit)) {
            if (disk == null) {
                giveUp(size + " bytes (expected: at most " + replayLimit + " in memory, or a replay file)");
                return;
            }
            spill = new BodySpill(engine, loop, disk, this);
        }
        if (spill != null && disk != null && size > disk.mostPerRequest()) {
            giveUp(size + " bytes (expected: at most " + disk.mostPerRequest() + " in a replay file)");
            return;
        }
        append(data);
    }

    /** Moves what is kept in memory into the file, if that is much and the file can take it. */
    private void store() {
        BodySpill s = spill;
        ByteBuf k = kept;
        if (s == null || k == null || s.isBusy() || k.readableBytes() < BLOCK) {
            return;
        }
        if (s.write(k)) {
            kept = null;
        } else {
            giveUp("no room in " + engine.replayDisk + ", or on the blocking executor");
        }
    }

    @Override
    public void spillChanged() {
        if (closed) {
            return;
        }
        try {
            pump(); // an attempt that wants to read comes first
            store();
            flow();
        } catch (RuntimeException | Error e) {
            engineFailed(e);
        }
    }

    /** The engine failed in a task of the loop, where nobody else would catch it. */
    private void engineFailed(Throwable bug) {
        BodyPipe p = pipe;
        drop("the engine failed: " + bug);
        if (p != null) {
            p.fail(ProxyException.internal(ErrorType.INTERNAL, "the engine failed: " + bug, bug));
        }
    }

    @Override
    public void spillFailed(Throwable cause) {
        if (closed) {
            return;
        }
        try {
            giveUp("the replay file failed: " + cause, cause);
            flow();
        } catch (RuntimeException | Error e) {
            engineFailed(e);
        }
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

    private void giveUp(String why) {
        giveUp(why, null);
    }

    /** Keeps nothing from now on. An attempt that had not got all that was kept never will: it is broken off, as it must not seem to be whole. */
    private void giveUp(String why, @Nullable Throwable cause) {
        BodyPipe p = isBehind() ? pipe : null;
        drop(why);
        if (p != null) {
            p.fail(ProxyException.internal(ErrorType.INTERNAL, "the request body is lost: " + why, cause));
        }
    }

    private void drop(String why) {
        givenUp = true;
        whyGivenUp = why;
        ByteBuf k = kept;
        kept = null;
        if (k != null) {
            k.release();
        }
        BodySpill s = spill;
        spill = null;
        if (s != null) {
            s.close();
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
            Headers t = trailers;
            if (isBehind()) {
                ByteBuf next = next();
                if (next == null) {
                    break; // it comes from the file
                }
                told += next.readableBytes();
                boolean last = ended && t == null && told == size();
                endTold |= last;
                p.data(next, last);
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

    /** What the pipe is to get next of what is kept; null if it is not at hand yet. */
    private @Nullable ByteBuf next() {
        BodySpill s = spill;
        long inFile = s == null ? 0 : s.bytes();
        ByteBuf k = kept;
        if (s != null && told < inFile) {
            return s.next(told);
        }
        if (k == null) {
            return null;
        }
        int from = (int) (told - inFile);
        // A copy: what is kept may move in memory when more is kept, under a socket's feet.
        return k.copy(k.readerIndex() + from, Math.min(k.readableBytes() - from, PIECE));
    }

    private void flow() {
        BodyPipe p = pipe;
        if (closed || ended || p == null) {
            return;
        }
        if (p.isReady() && !isBehind() && !isFull()) {
            down.resume();
        } else {
            down.pause();
        }
    }

    /** True if what was kept waits for the file, which must not become more. */
    private boolean isFull() {
        ByteBuf k = kept;
        return spill != null && k != null && k.readableBytes() >= BLOCK;
    }

    /** The client has gone, or the exchange is over; what waits for the body fails. */
    void close(ProxyException cause) {
        if (closed) {
            return;
        }
        closed = true;
        pipe = null;
        failure = cause;
        drop("the exchange is over");
        CompletableFuture<byte[]> future = collector;
        if (future != null && !future.isDone()) {
            future.completeExceptionally(cause);
        }
    }
}
