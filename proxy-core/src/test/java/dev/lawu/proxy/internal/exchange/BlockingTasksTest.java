package dev.lawu.proxy.internal.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lawu.proxy.ProxyException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class BlockingTasksTest {
    @Test
    void anExecutorThatCannotMakeAThreadCostsNoPlace() {
        AtomicInteger calls = new AtomicInteger();
        BlockingTasks tasks = new BlockingTasks(
                task -> {
                    if (calls.incrementAndGet() == 1) {
                        throw new OutOfMemoryError("unable to create native thread (thrown by a test)");
                    }
                    task.run();
                },
                1,
                0);
        assertThatThrownBy(() -> tasks.run(() -> {})).isInstanceOf(ProxyException.class);
        AtomicInteger ran = new AtomicInteger();
        tasks.run(ran::incrementAndGet);
        assertThat(ran).hasValue(1);
        assertThat(tasks.count()).isZero();
    }
}
