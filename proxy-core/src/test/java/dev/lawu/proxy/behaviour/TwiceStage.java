package dev.lawu.proxy.behaviour;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;

/** A stage that breaks its contract: it tells those who wait for it each time that {@link #tell} is called. */
final class TwiceStage<T> extends CompletableFuture<T> {
    private final List<BiConsumer<? super T, ? super Throwable>> waiting = new ArrayList<>();

    @Override
    public synchronized CompletableFuture<T> whenComplete(BiConsumer<? super T, ? super Throwable> action) {
        waiting.add(action);
        return this;
    }

    synchronized boolean isAwaited() {
        return !waiting.isEmpty();
    }

    synchronized void tell(T value) {
        waiting.forEach(action -> action.accept(value, null));
    }
}
