package dev.lawu.proxy.internal.exchange;

import io.netty.buffer.ByteBuf;

/** How buffers that collect a body grow: by doubling, so that n bytes are copied O(n) times in all. Netty's own growth beyond 4 MiB is by steps of that size, which is quadratic. */
final class Growth {
    private Growth() {}

    /** Copies what is readable of {@code from}, which stays as it is, behind what {@code to} has. */
    static void append(ByteBuf to, ByteBuf from) {
        int length = from.readableBytes();
        long needed = (long) to.writerIndex() + length;
        if (needed > to.capacity()) {
            // What is beyond the largest buffer fails where Netty says so.
            to.capacity((int) Math.min(Math.max(2L * to.capacity(), needed), to.maxCapacity()));
        }
        to.writeBytes(from, from.readerIndex(), length);
    }
}
