package dev.lawu.proxy.internal.server;

import dev.lawu.proxy.BackgroundService;
import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.internal.exchange.BlockingTasks;
import java.time.Duration;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A server's background services: started one after the other by the thread that starts the server, stopped one after the other in reverse. Each that has started is stopped once, whoever asks. */
final class Services {
    private static final Logger logger = LoggerFactory.getLogger("dev.lawu.proxy.server");

    private final List<BackgroundService> all;
    private final BlockingTasks blocking;
    private final Deque<BackgroundService> started = new ConcurrentLinkedDeque<>();
    private volatile @Nullable String stopping;

    Services(List<BackgroundService> all, BlockingTasks blocking) {
        this.all = all;
        this.blocking = blocking;
    }

    /** Starts them; throws {@link IllegalStateException} when one fails, with those before it still running. */
    void start(ProxyServer server) {
        for (BackgroundService service : all) {
            try {
                service.start(server);
            } catch (Exception e) {
                if (e instanceof InterruptedException) {
                    Thread.currentThread().interrupt();
                }
                throw new IllegalStateException("service " + name(service) + " did not start: " + e, e);
            }
            started.push(service);
        }
    }

    private static String name(BackgroundService service) {
        try {
            return service.name();
        } catch (RuntimeException e) {
            return service.getClass().getName();
        }
    }

    boolean isEmpty() {
        return started.isEmpty();
    }

    /** Stops them, each on the blocking executor. The stage completes, never exceptionally, when all have stopped or have failed to. */
    CompletionStage<Void> stop() {
        CompletableFuture<Void> done = new CompletableFuture<>();
        stopNext(
                task -> blocking.run(task, refused -> {
                    logger.error("a service is not stopped: {}", refused.getMessage());
                    done.complete(null);
                }),
                done);
        return done;
    }

    private void stopNext(Executor executor, CompletableFuture<Void> done) {
        BackgroundService service = started.poll();
        if (service == null) {
            stopping = null;
            done.complete(null);
            return;
        }
        stopping = name(service);
        try {
            executor.execute(() -> {
                CompletionStage<Void> stopped;
                try {
                    stopped = service.stop();
                    if (stopped == null) {
                        throw new NullPointerException("stop() answered null (expected: a stage)");
                    }
                } catch (Throwable e) {
                    stopped = CompletableFuture.failedFuture(e);
                }
                stopped.whenComplete((nothing, error) -> {
                    if (error != null) {
                        logger.error("service {} did not stop properly", name(service), error);
                    }
                    stopNext(executor, done);
                });
            });
        } catch (RuntimeException e) {
            logger.error("service {} is not stopped", name(service), e);
            stopNext(executor, done);
        }
    }

    /** The one that is being stopped; null if none is. */
    @Nullable
    String stopping() {
        return stopping;
    }

    /** Stops those that were started, and waits for that, for so long: after a start that failed. */
    void stopNow(Duration limit) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        stopNext(Runnable::run, done);
        try {
            done.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            logger.warn("service {} has not stopped within {}", stopping(), limit);
        }
    }
}
