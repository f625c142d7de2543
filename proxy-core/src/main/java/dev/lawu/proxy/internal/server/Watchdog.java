package dev.lawu.proxy.internal.server;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks at every event loop at intervals and reports a callback that it finds in the same place twice. One thread for a server. */
final class Watchdog implements Runnable {
    private static final Logger logger = LoggerFactory.getLogger("dev.lawu.proxy.watchdog");

    private final List<ServerLoop> loops;
    private final long thresholdMillis;
    private final AtomicLong reports = new AtomicLong();
    private final Thread thread;

    Watchdog(List<ServerLoop> loops, long thresholdMillis) {
        this.loops = loops;
        this.thresholdMillis = thresholdMillis;
        this.thread = new Thread(this, "lawu-watchdog");
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    void stop() {
        thread.interrupt();
    }

    long reports() {
        return reports.get();
    }

    @Override
    public void run() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                Thread.sleep(thresholdMillis);
                for (ServerLoop loop : loops) {
                    String report = loop.watch.sample();
                    if (report != null) {
                        reports.incrementAndGet();
                        logger.warn(
                                "a callback has held its event loop for more than {} ms: {}", thresholdMillis, report);
                    }
                }
            }
        } catch (InterruptedException stopped) {
            // the server is closing
        }
    }
}
