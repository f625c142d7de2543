package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.BodyProducer;
import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.internal.loop.Deadline;
import dev.lawu.proxy.spi.BufferSink;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.ReferenceCountUtil;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The body of a local response, made by a {@link BodyProducer} as the client takes it.
 *
 * <p>The producer may write from any thread, so what it writes goes through a task of the loop; order is kept, because a loop runs its tasks in order, and what it writes on the loop waits for tasks
 * that are on their way. It is asked again only when what it wrote was taken and the response can take more. What it writes beyond that, unasked, waits here. The deadline is for what it was asked.
 */
final class LocalBody extends Deadline implements BodySource, BufferSink {
    /** How much a producer may write beyond what it was asked for. */
    private static final long MOST_WAITING = 16 << 20;

    private final Exchange exchange;
    private final BodyProducer producer;
    private final Queue<ByteBuf> waiting = new ArrayDeque<>(2);
    private final AtomicInteger queued = new AtomicInteger(); // tasks of the sink that have not run yet
    private long waitingBytes;
    private boolean asked; // the producer owes something
    private boolean resumed;
    private boolean running;
    private boolean told; // the producer has ended, or failed: nothing more of it counts
    private boolean over; // nothing more goes to the response

    LocalBody(Exchange exchange, BodyProducer producer) {
        super(exchange.loop);
        this.exchange = exchange;
        this.producer = producer;
    }

    @Override
    public void resume() {
        resumed = true;
        run();
    }

    @Override
    public void pause() {
        resumed = false;
    }

    /** Gives what waits, and asks for more, as long as the response can take it. */
    private void run() {
        if (running) {
            return;
        }
        running = true;
        while (resumed && !over) {
            ByteBuf next = waiting.poll();
            if (next != null) {
                waitingBytes -= next.readableBytes();
                exchange.response.data(next, false);
            } else if (told) {
                over = true;
                exchange.response.data(Unpooled.EMPTY_BUFFER, true);
            } else if (!asked) {
                asked = true;
                set(exchange.engine.callbackTimeoutNanos);
                try {
                    producer.produce(this);
                } catch (Throwable e) {
                    failed(e);
                }
            } else {
                break;
            }
        }
        running = false;
    }

    @Override
    public void abandon(ProxyException cause) {
        if (over) {
            return;
        }
        drop();
        if (!told) {
            told = true;
            try {
                producer.cancelled();
            } catch (Throwable e) {
                ErrorLog.callback("BodyProducer.cancelled", e);
            }
        }
    }

    @Override
    protected void expired() {
        if (!told && !over) {
            exchange.failFromTask(ProxyException.internal(
                    ErrorType.CALLBACK_TIMEOUT,
                    "BodyProducer.produce: nothing of the response body came within "
                            + exchange.engine.callbackTimeoutNanos / 1_000_000 + " ms",
                    null));
        }
    }

    private void drop() {
        over = true;
        remove();
        for (ByteBuf next = waiting.poll(); next != null; next = waiting.poll()) {
            next.release();
        }
    }

    @Override
    public void write(ByteBuffer bytes) {
        write(Unpooled.copiedBuffer(bytes));
    }

    @Override
    public void write(ByteBuf bytes) {
        onLoop(() -> written(bytes), bytes);
    }

    private void written(ByteBuf bytes) {
        if (told || over) {
            bytes.release();
            return;
        }
        asked = false;
        cancel();
        waitingBytes += bytes.readableBytes();
        if (waitingBytes > MOST_WAITING) {
            bytes.release();
            failed(ProxyException.internal(
                    ErrorType.INTERNAL,
                    "BodyProducer: " + waitingBytes
                            + " bytes wait for the client (expected: a piece when asked, at most " + MOST_WAITING
                            + " unasked)",
                    null));
            return;
        }
        if (bytes.isReadable()) {
            waiting.add(bytes);
        } else {
            bytes.release();
        }
        run();
    }

    @Override
    public void end() {
        onLoop(
                () -> {
                    told = true;
                    remove();
                    run();
                },
                null);
    }

    @Override
    public void fail(Throwable cause) {
        onLoop(() -> failed(cause), null);
    }

    private void failed(Throwable cause) {
        if (!told && !over) {
            told = true;
            drop();
            exchange.fail(
                    cause instanceof ProxyException own
                            ? own
                            : ProxyException.internal(ErrorType.INTERNAL, "BodyProducer: " + cause, cause));
        }
    }

    private void onLoop(Runnable task, @Nullable Object resource) {
        if (queued.get() == 0 && exchange.loop.loop().inEventLoop()) {
            run(task);
            return;
        }
        queued.incrementAndGet();
        try {
            exchange.loop.loop().execute(() -> {
                queued.decrementAndGet();
                run(task);
            });
        } catch (RuntimeException shutDown) {
            queued.decrementAndGet();
            ReferenceCountUtil.release(resource);
        }
    }

    private void run(Runnable task) {
        boolean ours = !over; // once it is over the exchange may serve another request
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            if (!ours) {
                throw e;
            }
            exchange.engineFailed(e);
        }
    }
}
