package dev.lawu.proxy.internal.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;

/** How often collecting a large body copies what it has. */
class GrowthTest {
    private static final int PIECE = 64 * 1024;
    private static final int PIECES = 1024;

    @Test
    void aLargeBodyIsCopiedAFewTimesOnly() {
        ByteBuf collected = Unpooled.buffer(256);
        ByteBuf piece = Unpooled.wrappedBuffer(new byte[PIECE]);
        long copied = 0;
        for (int i = 0; i < PIECES; i++) {
            int before = collected.capacity();
            int had = collected.readableBytes();
            Growth.append(collected, piece);
            copied += collected.capacity() == before ? 0 : had;
            assertThat(collected.readableBytes()).isEqualTo((i + 1) * PIECE);
            assertThat(piece.readableBytes()).isEqualTo(PIECE);
        }
        assertThat(copied).isLessThan(2L * PIECE * PIECES);
        collected.release();
        piece.release();
    }
}
