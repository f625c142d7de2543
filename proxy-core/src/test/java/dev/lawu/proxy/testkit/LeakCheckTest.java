package dev.lawu.proxy.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LeakCheckTest {
    @BeforeEach
    @AfterEach
    void forgetDeliberateLeaks() {
        LeakCheck.findLeaks();
    }

    @Test
    void detectorIsInstalledAndParanoid() {
        ByteBufAllocator.DEFAULT.buffer(16).release();

        assertThat(FailingLeakDetector.isActive()).isTrue();
        assertThat(ResourceLeakDetector.getLevel()).isEqualTo(ResourceLeakDetector.Level.PARANOID);
    }

    @Test
    void leakedBufferIsReportedOnce() {
        leak("lost in LeakCheckTest");

        List<String> leaks = LeakCheck.findLeaks();

        assertThat(leaks).singleElement().asString().contains("ByteBuf").contains("lost in LeakCheckTest");
        assertThat(LeakCheck.findLeaks()).isEmpty();
    }

    @Test
    void releasedBufferIsNotReported() {
        for (int i = 0; i < 100; i++) {
            ByteBufAllocator.DEFAULT.buffer(1024).writeZero(1024).release();
        }

        assertThat(LeakCheck.findLeaks()).isEmpty();
    }

    @Test
    void heldBufferIsNotReported() {
        ByteBuf held = ByteBufAllocator.DEFAULT.buffer(16);

        assertThat(LeakCheck.findLeaks()).isEmpty();

        held.release();
    }

    private static void leak(String hint) {
        ByteBufAllocator.DEFAULT.buffer(16).touch(hint);
    }
}
