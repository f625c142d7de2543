package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.BodyProducer;
import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.spi.BufferSink;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.ReferenceCountUtil;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The body of a local response, made by a {@link BodyProducer} as the client takes it.
 *
 * <p>The producer may write from any thread, so what it writes goes through a task of the loop; order is kept, because a loop runs its tasks in order. It is asked again only when what it wrote was
 * taken and the response can take more. It may answer with several pieces, or with a piece and the end; those that come while the response is paused wait here.
 */
final class LocalBody implements BodySource, BufferSink {
    private final Exchange exchange;
    private final BodyProducer producer;
    private boolean asked; // the producer owes something
    private boolean resumed;
    private final ArrayDeque<ByteBuf> waiting = new ArrayDeque<>(2);
    private boolean producing;
    private boolean ending; // the producer has said all
    private boolean over;

    LocalBody(Exchange exchange, BodyProducer producer) {
        this.exchange = exchange;
        this.producer = producer;
    }

    @Override
    public void resume() {
        resumed = true;
        produce();
    }

    @Override
    public void pause() {
        resumed = false;
    }

    private void produce() {
        if (producing) {
            return;
        }
        producing = true;
        while (resumed && !over) {
            ByteBuf next = waiting.poll();
            if (next != null) {
                exchange.response.data(next, false);
            } else if (ending) {
                over = true;
                exchange.response.data(Unpooled.EMPTY_BUFFER, true);
            } else if (!asked) {
                ask();
            } else {
                break;
            }
        }
        producing = false;
    }

    private void ask() {
        asked = true;
        try {
            producer.produce(this);
        } catch (Throwable e) {
            failed(e);
        }
    }

    @Override
    public void abandon(ProxyException cause) {
        if (over) {
            return;
        }
        over();
        if (!ending) {
            try {
                producer.cancelled();
            } catch (Throwable e) {
                exchange.logCallbackFailure("BodyProducer.cancelled", e);
            }
        }
    }

    private void over() {
        over = true;
        for (ByteBuf piece = waiting.poll(); piece != null; piece = waiting.poll()) {
            piece.release();
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
        if (over || ending || !bytes.isReadable()) {
            bytes.release();
        } else {
            waiting.add(bytes);
        }
        asked = false;
        produce();
    }

    @Override
    public void end() {
        onLoop(
                () -> {
                    ending = true;
                    produce();
                },
                null);
    }

    @Override
    public void fail(Throwable cause) {
        onLoop(() -> failed(cause), null);
    }

    private void failed(Throwable cause) {
        if (!over && !ending) {
            over();
            exchange.fail(
                    cause instanceof ProxyException own
                            ? own
                            : ProxyException.internal(ErrorType.INTERNAL, "BodyProducer: " + cause, cause));
        }
    }

    private void onLoop(Runnable task, @Nullable Object resource) {
        if (exchange.loop.loop().inEventLoop()) {
            task.run();
            return;
        }
        try {
            exchange.loop.loop().execute(task);
        } catch (RuntimeException shutDown) {
            ReferenceCountUtil.release(resource);
        }
    }
}
