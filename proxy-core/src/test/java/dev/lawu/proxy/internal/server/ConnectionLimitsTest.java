package dev.lawu.proxy.internal.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ConnectionLimitsTest {
    @Test
    void memoryIsOnlyForClientsThatAreConnected() throws Exception {
        ConnectionLimits limits = new ConnectionLimits(1000, 2);
        for (int i = 0; i < 100_000; i++) {
            Long client = limits.client(
                    InetAddress.getByAddress(new byte[] {10, (byte) (i >> 16), (byte) (i >> 8), (byte) i}));
            assertThat(limits.addClient(client)).isTrue();
            assertThat(limits.addClient(client)).isTrue();
            assertThat(limits.addClient(client)).isFalse();
            limits.removeClient(client);
            limits.removeClient(client);
        }
        assertThat(limits.clients()).isZero();
    }

    @Test
    void countsAreExactFromManyThreads() throws Exception {
        ConnectionLimits limits = new ConnectionLimits(50, 5);
        Long client = limits.client(InetAddress.getByName("2001:db8::1"));
        AtomicInteger most = new AtomicInteger();
        AtomicInteger mostOfClient = new AtomicInteger();
        AtomicInteger now = new AtomicInteger();
        AtomicInteger nowOfClient = new AtomicInteger();
        CountDownLatch done = new CountDownLatch(8);
        for (int t = 0; t < 8; t++) {
            new Thread(() -> {
                        for (int i = 0; i < 20_000; i++) {
                            if (limits.add()) {
                                most.accumulateAndGet(now.incrementAndGet(), Math::max);
                                if (limits.addClient(client)) {
                                    mostOfClient.accumulateAndGet(nowOfClient.incrementAndGet(), Math::max);
                                    nowOfClient.decrementAndGet();
                                    limits.removeClient(client);
                                }
                                now.decrementAndGet();
                                limits.remove();
                            }
                        }
                        done.countDown();
                    })
                    .start();
        }
        done.await();
        assertThat(most.get()).isBetween(1, 50);
        assertThat(mostOfClient.get()).isBetween(1, 5);
        assertThat(limits.count()).isZero();
        assertThat(limits.clients()).isZero();
    }

    @Test
    void withoutALimitNobodyIsCounted() throws Exception {
        assertThat(new ConnectionLimits(1, Integer.MAX_VALUE).client(InetAddress.getByName("10.0.0.1")))
                .isNull();
    }
}
