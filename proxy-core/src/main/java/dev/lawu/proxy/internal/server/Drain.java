package dev.lawu.proxy.internal.server;

import dev.lawu.proxy.ServerOptions;
import io.netty.channel.EventLoop;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a server ends. Its states, each entered once and in this order:
 *
 * <ol>
 *   <li>serving;
 *   <li>draining: nothing is accepted, idle connections are closed, running requests go on;
 *   <li>stopping: the last connection and the last exchange are gone, or the drain time has passed; the services stop;
 *   <li>closing: they have, or their time has passed; everything left is cut off;
 *   <li>closed: the event loops have ended.
 * </ol>
 *
 * <p>An exchange may outlast its client: one that fills a cache, or a subrequest. What is left is only ever looked at on the first loop.
 */
final class Drain {
    private static final Logger logger = LoggerFactory.getLogger("dev.lawu.proxy.server");

    /** What a drain does to the server. */
    interface Target {
        /** Stops accepting. */
        void stopAccepting();

        /** Connections and exchanges that are left. */
        long connections();

        long exchanges();

        /** Ends the loops and what belongs to them, then completes. Every loop has cut off what it had. */
        CompletionStage<Void> endLoops();
    }

    private final Target target;
    private final ServerOptions options;
    private final List<ServerLoop> loops;
    private final Services services;
    private final AtomicBoolean draining = new AtomicBoolean();
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    /** Every loop drains. Used by the first loop alone. */
    private boolean mayStop;

    private boolean stopping; // used by the first loop alone

    Drain(Target target, ServerOptions options, List<ServerLoop> loops, Services services) {
        this.target = target;
        this.options = options;
        this.loops = loops;
        this.services = services;
    }

    private EventLoop firstLoop() {
        return loops.get(0).loop.loop();
    }

    boolean isDraining() {
        return draining.get();
    }

    /** Complete when the server is closed. */
    CompletableFuture<Void> closed() {
        return closed;
    }

    /** Begins, unless it has begun. */
    void begin() {
        if (!draining.compareAndSet(false, true)) {
            return;
        }
        logger.info(
                "draining: {} connections, {} exchanges, at most {} s",
                target.connections(),
                target.exchanges(),
                options.drainTimeout().toSeconds());
        target.stopAccepting();
        onEveryLoop(ServerLoop::drain, () -> firstLoop().execute(this::allDraining));
    }

    /** Does this on each loop; the last one goes on. */
    private void onEveryLoop(Consumer<ServerLoop> action, Runnable then) {
        AtomicInteger left = new AtomicInteger(loops.size());
        for (ServerLoop loop : loops) {
            loop.loop.loop().execute(() -> {
                action.accept(loop);
                if (left.decrementAndGet() == 0) {
                    then.run();
                }
            });
        }
    }

    /** Every loop has seen the drain. Only now may the loops end: before, one could be gone when it was to be told. */
    private void allDraining() {
        firstLoop().schedule(this::drainTimedOut, options.drainTimeout().toMillis(), TimeUnit.MILLISECONDS);
        mayStop = true;
        stopIfQuiet();
    }

    /**
     * A connection or an exchange is gone; called on its loop. Looking at what is left is a task of one loop: so of several loops that end their last exchange at the same time, each of which may
     * still see the other's, the later look sees all.
     */
    void somethingEnded() {
        if (draining.get() && !closing.get()) {
            firstLoop().execute(this::stopIfQuiet);
        }
    }

    private void stopIfQuiet() {
        if (mayStop && target.connections() == 0 && target.exchanges() == 0) {
            stopServices();
        }
    }

    private void drainTimedOut() {
        if (!stopping && !closing.get()) {
            logger.warn(
                    "the drain time of {} s has passed: {} connections, {} exchanges are cut off",
                    options.drainTimeout().toSeconds(),
                    target.connections(),
                    target.exchanges());
            onEveryLoop(ServerLoop::abort, () -> firstLoop().execute(this::stopServices));
        }
    }

    private void stopServices() {
        if (stopping) {
            return;
        }
        stopping = true;
        if (services.isEmpty()) {
            close();
            return;
        }
        firstLoop()
                .schedule(this::servicesTimedOut, options.serviceStopTimeout().toMillis(), TimeUnit.MILLISECONDS);
        services.stop().thenRun(this::close);
    }

    private void servicesTimedOut() {
        if (!closing.get()) {
            logger.warn(
                    "service {} has not stopped within {} s; it is left alone",
                    services.stopping(),
                    options.serviceStopTimeout().toSeconds());
            close();
        }
    }

    /** Ends everything now: also a server that has not come to serve. On any thread. */
    void close() {
        if (!closing.compareAndSet(false, true)) {
            return;
        }
        draining.set(true);
        target.stopAccepting();
        onEveryLoop(ServerLoop::abort, () -> target.endLoops().thenRun(() -> closed.complete(null)));
    }
}
