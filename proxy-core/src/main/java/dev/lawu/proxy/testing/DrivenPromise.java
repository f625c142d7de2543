package dev.lawu.proxy.testing;

import io.netty.util.concurrent.DefaultPromise;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.netty.util.concurrent.Promise;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A promise that whoever waits for it drives the simulation: nobody else would. */
final class DrivenPromise extends DefaultPromise<@Nullable Void> {
    private static final Duration LONG = Duration.ofHours(1);

    private final Scheduler scheduler;

    DrivenPromise(Scheduler scheduler) {
        super(ImmediateEventExecutor.INSTANCE);
        this.scheduler = scheduler;
    }

    @Override
    public Promise<@Nullable Void> await() {
        return awaitUninterruptibly();
    }

    @Override
    public Promise<@Nullable Void> awaitUninterruptibly() {
        if (!scheduler.runUntil(this::isDone, LONG)) {
            throw new IllegalStateException("not done after " + LONG + ", " + scheduler);
        }
        return this;
    }

    @Override
    public boolean await(long timeout, TimeUnit unit) {
        return awaitUninterruptibly(timeout, unit);
    }

    @Override
    public boolean await(long timeoutMillis) {
        return awaitUninterruptibly(timeoutMillis, TimeUnit.MILLISECONDS);
    }

    @Override
    public boolean awaitUninterruptibly(long timeout, TimeUnit unit) {
        return scheduler.runUntil(this::isDone, Duration.ofNanos(unit.toNanos(timeout)));
    }

    @Override
    public boolean awaitUninterruptibly(long timeoutMillis) {
        return awaitUninterruptibly(timeoutMillis, TimeUnit.MILLISECONDS);
    }
}
