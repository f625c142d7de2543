package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.BodyProducer;
import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.spi.BufferSink;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.ReferenceCountUtil;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The body of a local response, made by a {@link BodyProducer} as the client takes it.
 *
 * <p>The producer may write from any thread, so what it writes goes through a task of the loop; order is kept, because a loop runs its tasks in order. It is asked again only when what it wrote was
 * taken and the response can take more.
 */
final class LocalBody implements BodySource, BufferSink {
    private final Exchange exchange;
    private final BodyProducer producer;
    private boolean asked; // the producer owes something
    private boolean resumed;
    private boolean producing;
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
        while (resumed && !asked && !over) {
            asked = true;
            try {
                producer.produce(this);
            } catch (Throwable e) {
                failed(e);
            }
        }
        producing = false;
    }

    @Override
    public void abandon(ProxyException cause) {
        if (!over) {
            over = true;
            try {
                producer.cancelled();
            } catch (Throwable e) {
                exchange.logCallbackFailure("BodyProducer.cancelled", e);
            }
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
        if (over) {
            bytes.release();
            return;
        }
        asked = false;
        if (bytes.isReadable()) {
            exchange.response.data(bytes, false);
        } else {
            bytes.release();
        }
        produce();
    }

    @Override
    public void end() {
        onLoop(
                () -> {
                    if (!over) {
                        over = true;
                        exchange.response.data(Unpooled.EMPTY_BUFFER, true);
                    }
                },
                null);
    }

    @Override
    public void fail(Throwable cause) {
        onLoop(() -> failed(cause), null);
    }

    private void failed(Throwable cause) {
        if (!over) {
            over = true;
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
