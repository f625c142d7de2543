package dev.lawu.proxy.internal.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lawu.proxy.ProxyException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
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
        assertThatThrownBy(() -> tasks.run(() -> {}, BlockingTasksTest::unexpected))
                .isInstanceOf(ProxyException.class);
        AtomicInteger ran = new AtomicInteger();
        tasks.run(ran::incrementAndGet, BlockingTasksTest::unexpected);
        assertThat(ran).hasValue(1);
        assertThat(tasks.count()).isZero();
    }

    private static void unexpected(ProxyException refused) {
        throw new AssertionError(refused);
    }

    /** The first task is refused while others wait for its place, and there is no other place. */
    @Test
    void whoWaitsBehindATaskThatIsRefusedIsStartedOrRefused() {
        AtomicReference<BlockingTasks> self = new AtomicReference<>();
        List<String> events = new ArrayList<>();
        AtomicInteger calls = new AtomicInteger();
        BlockingTasks tasks = new BlockingTasks(
                task -> {
                    int call = calls.incrementAndGet();
                    if (call == 1) { // as another thread would while the executor makes up its mind
                        for (String name : List.of("a", "b", "c")) {
                            self.get().run(() -> events.add(name + " ran"), refused -> events.add(name + " refused"));
                        }
                    }
                    if (call <= 2) {
                        throw new RejectedExecutionException("thrown by a test");
                    }
                    task.run();
                },
                1,
                3);
        self.set(tasks);
        assertThatThrownBy(() -> tasks.run(() -> events.add("first ran"), BlockingTasksTest::unexpected))
                .isInstanceOf(ProxyException.class);
        assertThat(events).containsExactly("a refused", "b ran", "c ran");
        assertThat(tasks.count()).isZero();
    }
}
