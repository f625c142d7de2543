package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.internal.loop.Deadline;
import dev.lawu.proxy.internal.loop.LoopContext;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.EventLoop;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The first part of a request body, in a file, for another attempt. What is behind it is its owner's to keep.
 *
 * <p>It does one thing at a time, on the blocking executor: opens the file, writes a block, reads a piece, closes the file. The loop alone says what, and alone looks at the result; so the channel and
 * the buffer that a task uses need no lock. A buffer that is on its way there belongs to the task until it has come back. A disk that does not answer within the callbacks' time has failed.
 */
final class BodySpill extends Deadline {
    /** Told on the loop, outside of all calls of the owner's. */
    interface Owner {
        /** Something was written, or read: {@link #next} may have it. */
        void spillChanged();

        /** The file can be used no more; what it has is lost. */
        void spillFailed(Throwable cause);
    }

    private static final int PIECE = 64 * 1024;
    private static final int AGAIN_MILLIS = 100;

    private final BlockingTasks blocking;
    private final long timeoutNanos;
    private final EventLoop loop;
    private final ReplayDisk disk;
    private final Owner owner;
    private @Nullable FileChannel channel; // of the task that runs, if one does
    private long stored;
    private int writing; // bytes of the block that is being written
    private long reserved;
    private @Nullable ByteBuf read;
    private long readAt;
    private boolean busy;
    private boolean closed;

    BodySpill(ProxyEngine engine, LoopContext loop, ReplayDisk disk, Owner owner) {
        super(loop);
        this.blocking = engine.blocking;
        this.timeoutNanos = engine.callbackTimeoutNanos;
        this.loop = loop.loop();
        this.disk = disk;
        this.owner = owner;
    }

    /** Bytes that were given to it. */
    long bytes() {
        return stored + writing;
    }

    boolean isBusy() {
        return busy;
    }

    /** Takes the next block and writes it; it must not be busy. False if that is not possible: then the block stays the caller's. */
    boolean write(ByteBuf block) {
        int length = block.readableBytes();
        if (!disk.reserve(length)) {
            return false;
        }
        long at = stored;
        if (!start(() -> store(block, at), failure -> written(block, failure))) {
            disk.free(length);
            return false;
        }
        reserved += length;
        writing = length;
        return true;
    }

    private void store(ByteBuf block, long at) throws IOException {
        FileChannel to = channel;
        if (to == null) {
            to = disk.open();
            channel = to;
        }
        ByteBuffer bytes = block.nioBuffer();
        long position = at;
        while (bytes.hasRemaining()) {
            position += to.write(bytes, position);
        }
    }

    private void written(ByteBuf block, @Nullable Throwable failure) {
        block.release();
        stored += writing;
        writing = 0;
        if (failure == null) {
            disk.went();
        }
        done(failure);
    }

    /** The bytes from here on, some of them, for the caller to own; null if they are not there yet: {@link Owner#spillChanged} follows. */
    @Nullable
    ByteBuf next(long at) {
        ByteBuf found = read;
        if (found != null) {
            read = null;
            if (readAt == at) {
                return found;
            }
            found.release(); // it was for an earlier attempt
        }
        if (!busy) {
            readAt = at;
            ByteBuf piece = PooledByteBufAllocator.DEFAULT.buffer((int) Math.min(PIECE, stored - at));
            if (!start(() -> fill(piece, at), failure -> filled(piece, failure))) {
                piece.release();
                busy = true;
                loop.execute(() -> done(new RejectedExecutionException("the blocking executor is full")));
            }
        }
        return null;
    }

    private void fill(ByteBuf piece, long at) throws IOException {
        FileChannel from = channel;
        int length = piece.capacity();
        while (piece.writerIndex() < length) {
            int got =
                    from == null ? -1 : piece.writeBytes(from, at + piece.writerIndex(), length - piece.writerIndex());
            if (got < 0) {
                throw new EOFException("the replay file ends at " + (at + piece.writerIndex()) + " (expected: "
                        + (at + length) + " bytes at least)");
            }
        }
    }

    private void filled(ByteBuf piece, @Nullable Throwable failure) {
        if (failure == null && !closed) {
            read = piece;
        } else {
            piece.release();
        }
        done(failure);
    }

    /** It is not wanted any more: the file goes, as soon as what runs has come back. */
    void close() {
        closed = true;
        remove();
        ByteBuf r = read;
        read = null;
        if (r != null) {
            r.release();
        }
        if (!busy) {
            closeFile();
        }
    }

    private void done(@Nullable Throwable failure) {
        busy = false;
        cancel();
        if (closed) {
            closeFile();
        } else if (failure == null) {
            owner.spillChanged();
        } else {
            disk.failed(failure);
            owner.spillFailed(failure);
        }
    }

    @Override
    protected void expired() {
        Throwable slow = new TimeoutException("the disk did not answer within " + timeoutNanos / 1_000_000 + " ms");
        disk.failed(slow);
        owner.spillFailed(slow); // which closes this: the file goes when the disk has answered
    }

    /** The room is free only when the file is gone. */
    private void closeFile() {
        busy = true;
        FileChannel last = channel;
        long bytes = reserved;
        if (last == null) {
            disk.free(bytes);
            return;
        }
        try {
            blocking.run(() -> close(last, bytes), refused -> closeLater());
        } catch (ProxyException overload) {
            closeLater();
        }
    }

    /** The queue of blocking tasks is finite, so there will be room; but not any more if the server is closing. */
    private void closeLater() {
        FileChannel last = channel;
        if (last == null) {
            return;
        }
        try {
            if (!loop.isShuttingDown()) {
                loop.schedule(this::closeFile, AGAIN_MILLIS, TimeUnit.MILLISECONDS);
                return;
            }
        } catch (RejectedExecutionException gone) {
            // now, then
        }
        close(last, reserved);
    }

    private void close(FileChannel last, long bytes) {
        try {
            last.close();
        } catch (IOException e) {
            disk.failed(e);
        }
        disk.free(bytes);
    }

    private interface Task {
        void run() throws Exception;
    }

    private interface Result {
        void take(@Nullable Throwable failure);
    }

    /** Runs it off the loop and gives the result back on it; false if there is no room for it. */
    private boolean start(Task task, Result result) {
        try {
            blocking.run(
                    () -> {
                        Throwable failure = null;
                        try {
                            task.run();
                        } catch (Throwable e) {
                            failure = e;
                        }
                        back(result, failure);
                    },
                    refused -> back(result, refused));
        } catch (ProxyException overload) {
            return false;
        }
        busy = true;
        set(timeoutNanos);
        return true;
    }

    private void back(Result result, @Nullable Throwable failure) {
        try {
            loop.execute(() -> result.take(failure));
        } catch (RejectedExecutionException gone) {
            // The loop has ended, and nobody else looks at this any more.
            closed = true;
            result.take(failure);
        }
    }
}
