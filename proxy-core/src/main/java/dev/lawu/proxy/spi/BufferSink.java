package dev.lawu.proxy.spi;

import dev.lawu.proxy.BodySink;
import io.netty.buffer.ByteBuf;

/** What every {@link BodySink} of the engine is: a producer inside this project may hand over buffers without a copy. On the exchange's event loop only. */
public interface BufferSink extends BodySink {
    /** Adds this buffer, which the sink owns from now on. */
    void write(ByteBuf bytes);
}
