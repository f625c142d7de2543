package dev.lawu.proxy.internal.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.ProxyOptions;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** How many retries there may be, as time passes. */
class RetryBudgetTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private long now = Long.MAX_VALUE - 15 * SECOND; // a clock may overflow

    private static RetryBudget budget(int percent, int least) {
        return new RetryBudget(ProxyOptions.builder()
                .retryBudgetPercent(percent)
                .retryBudgetMinimum(least)
                .build());
    }

    private int taken(RetryBudget budget) {
        int taken = 0;
        while (taken < 10_000 && budget.take(now)) {
            taken++;
        }
        return taken;
    }

    private void requests(RetryBudget budget, int count) {
        for (int i = 0; i < count; i++) {
            budget.request(now);
        }
    }

    @Test
    void aPartOfTheRequestsMayBeRetried() {
        RetryBudget budget = budget(20, 10);
        requests(budget, 1000);
        assertThat(taken(budget)).isEqualTo(200);
        requests(budget, 5);
        assertThat(taken(budget)).isEqualTo(1);
        assertThat(budget.describe())
                .isEqualTo(
                        "201 retries for 1005 requests within PT10S on this event loop (expected: less than 20 %, or 10)");
    }

    @Test
    void lowTrafficHasItsMinimum() {
        RetryBudget budget = budget(20, 10);
        requests(budget, 1);
        assertThat(taken(budget)).isEqualTo(10);
        assertThat(taken(budget(20, 0))).isZero();
        assertThat(taken(budget(0, 0))).isZero();
    }

    @Test
    void whatIsOlderThanTheWindowDoesNotCount() {
        RetryBudget budget = budget(20, 0);
        for (int i = 0; i < 10; i++) {
            requests(budget, 100);
            now += SECOND;
        }
        // The oldest second has gone.
        assertThat(taken(budget)).isEqualTo(180);
        now += 9 * SECOND;
        assertThat(taken(budget))
                .as("the requests are gone, the retries are not")
                .isZero();
        now += SECOND;
        requests(budget, 10);
        assertThat(taken(budget)).isEqualTo(2);
    }

    @Test
    void aLongPauseForgetsEverything() {
        RetryBudget budget = budget(100, 1);
        requests(budget, 50);
        assertThat(taken(budget)).isEqualTo(50);
        now += 3600 * SECOND;
        assertThat(taken(budget)).isEqualTo(1);
    }
}
