package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.ChunkResult;
import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.internal.loop.Deadline;
import dev.lawu.proxy.upstream.PeerSelection;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * A pending result of a callback, from the moment it is found to be pending until it is ready, its deadline has passed or the exchange does not want it any more.
 *
 * <p>It is completed on any thread, at most once (a second completion finds the state taken), and goes on as a task of the exchange's loop, so that callbacks of a session never nest. If it completes
 * while it is being started the caller just goes on in its loop: pending results that give pending results iterate and do not deepen the stack.
 */
final class Suspension extends Deadline implements Runnable {
    /** What goes on when the result is ready. Exactly one of the two is not null. */
    interface Continuation {
        void resume(@Nullable Object ready, @Nullable ProxyException failure);
    }

    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(Suspension.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static final int STARTING = 0;
    private static final int PENDING = 1;
    private static final int COMPLETED = 2;

    private final Exchange exchange;
    private final Phase phase;
    private final Participant participant;
    private final Suspended holder;
    private @Nullable Continuation continuation; // null once it is over
    private @Nullable Object value;
    private @Nullable Throwable failure;
    private int state = STARTING;

    private Suspension(
            Exchange exchange, Phase phase, Participant participant, Suspended holder, Continuation continuation) {
        super(exchange.loop);
        this.exchange = exchange;
        this.phase = phase;
        this.participant = participant;
        this.holder = holder;
        this.continuation = continuation;
    }

    /**
     * Follows a result until it is ready.
     *
     * @return the ready result; null if it is pending: then the continuation is called later, on the loop, unless {@link Suspended#drop} is called on {@code holder}
     * @throws ProxyException if it has failed already
     */
    static @Nullable Object await(
            Exchange exchange,
            Phase phase,
            Participant participant,
            Object result,
            Suspended holder,
            Continuation then) {
        Object current = result;
        while (isPending(current)) {
            Suspension suspension = new Suspension(exchange, phase, participant, holder, then);
            if (suspension.start(current)) {
                holder.suspension = suspension;
                return null;
            }
            current = suspension.outcome();
        }
        return current;
    }

    /** Where a suspension is kept while it is pending. */
    static class Suspended {
        @Nullable
        Suspension suspension;

        final boolean isSuspended() {
            return suspension != null;
        }

        /** Forgets the pending result: when it comes it is dropped. */
        final void drop() {
            Suspension s = suspension;
            if (s != null) {
                suspension = null;
                s.continuation = null;
                s.remove();
                s.exchange.lifetime.leaveBehind();
            }
        }
    }

    private static boolean isPending(Object result) {
        return result instanceof FilterResult.Async
                || result instanceof FilterResult.Blocking
                || result instanceof ChunkResult.Async
                || result instanceof PeerSelection.Async
                || result instanceof PeerSelection.Blocking;
    }

    /** Returns true if it is pending, false if it has completed. */
    private boolean start(Object result) {
        if (result instanceof FilterResult.Async async) {
            async.stage().whenComplete(this::complete);
        } else if (result instanceof ChunkResult.Async async) {
            async.stage().whenComplete(this::complete);
        } else if (result instanceof PeerSelection.Async async) {
            async.stage().whenComplete(this::complete);
        } else if (result instanceof FilterResult.Blocking blocking) {
            startBlocking(blocking.callable());
        } else if (result instanceof PeerSelection.Blocking blocking) {
            startBlocking(blocking.callable());
        }
        if (!STATE.compareAndSet(this, STARTING, PENDING)) {
            return false;
        }
        set(exchange.engine.callbackTimeoutNanos);
        return true;
    }

    private void startBlocking(Callable<?> callable) {
        exchange.lifetime.retain(); // what the callable can reach stays valid until it returns
        try {
            exchange.engine.blocking.run(
                    () -> {
                        Object result = null;
                        Throwable thrown = null;
                        try {
                            result = callable.call();
                        } catch (Throwable e) {
                            thrown = e;
                        }
                        returned(result, thrown);
                    },
                    refused -> returned(null, refused));
        } catch (ProxyException overload) {
            exchange.release();
            complete(null, overload);
        }
    }

    /** A blocking callable has returned, or will never run; on any thread. */
    private void returned(@Nullable Object result, @Nullable Throwable thrown) {
        exchange.loop.loop().execute(() -> {
            complete(result, thrown);
            exchange.release();
        });
    }

    private void complete(@Nullable Object result, @Nullable Throwable thrown) {
        if (state == COMPLETED) {
            return;
        }
        // The fields are written before the state in release mode, and only the first completion may write them.
        synchronized (this) {
            if (value != null || failure != null) {
                return;
            }
            if (thrown == null && result == null) {
                failure = new NullPointerException("the pending result is null (expected: a result)");
            } else {
                value = result;
                failure = thrown;
            }
        }
        if ((int) STATE.getAndSet(this, COMPLETED) == PENDING) {
            exchange.loop.loop().execute(this);
        }
    }

    private Object outcome() {
        Throwable thrown;
        Object result;
        synchronized (this) {
            thrown = failure;
            result = value;
        }
        if (thrown != null || result == null) {
            throw Callbacks.failure(phase, participant, thrown == null ? new NullPointerException() : thrown);
        }
        return result;
    }

    /** The completion, on the loop. */
    @Override
    public void run() {
        Continuation then = continuation;
        if (then == null) {
            return; // timed out, or the exchange has ended
        }
        finish();
        Object ready = null;
        ProxyException failed = null;
        try {
            Object result = outcome();
            ready = isPending(result) ? await(exchange, phase, participant, result, holder, then) : result;
            if (ready == null) {
                return;
            }
        } catch (ProxyException e) {
            failed = e;
        }
        resume(then, ready, failed);
    }

    private void resume(Continuation then, @Nullable Object ready, @Nullable ProxyException failed) {
        try {
            then.resume(ready, failed);
        } catch (RuntimeException | Error e) {
            exchange.engineFailed(e);
        }
    }

    @Override
    protected void expired() {
        Continuation then = continuation;
        if (then != null) {
            finish();
            exchange.lifetime.leaveBehind();
            resume(
                    then,
                    null,
                    ProxyException.internal(
                            ErrorType.CALLBACK_TIMEOUT,
                            participant.name + "." + phase.method + ": its pending result did not come within "
                                    + exchange.engine.callbackTimeoutNanos / 1_000_000 + " ms",
                            null));
        }
    }

    private void finish() {
        continuation = null;
        remove();
        holder.suspension = null;
    }
}
