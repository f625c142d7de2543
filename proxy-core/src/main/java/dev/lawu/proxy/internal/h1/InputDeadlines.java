package dev.lawu.proxy.internal.h1;

import dev.lawu.proxy.http.DataRate;
import dev.lawu.proxy.internal.loop.Deadline;
import dev.lawu.proxy.internal.loop.LoopContext;
import dev.lawu.proxy.internal.loop.RateWatch;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What ends the wait for the other side of a connection: one deadline for whatever is awaited, which each byte of a body moves, and a least rate of bodies. */
final class InputDeadlines extends Deadline {
    /** The connection: it knows what is awaited, and for how long. */
    interface Owner {
        /** What is awaited now. */
        Awaited awaited();

        /** How long; not asked for {@link Awaited#NOTHING}. */
        Duration limit(Awaited what);

        /** The least rate of a body that comes in. */
        DataRate leastBodyRate();

        /** This has not come in time. */
        void onReadTimeout(Awaited missed);

        /** The body comes in at less than the least rate. */
        void onSlowBody();
    }

    private final LoopContext loop;
    private final Owner owner;
    private Awaited awaited = Awaited.NOTHING;
    /** Made when a body is first waited for. */
    private @Nullable RateWatch bodyRate;

    InputDeadlines(LoopContext loop, Owner owner) {
        super(loop);
        this.loop = loop;
        this.owner = owner;
    }

    /** Something may have changed what is awaited; {@code fresh} if bytes have come or reading was resumed. */
    void update(boolean fresh) {
        Awaited now = owner.awaited();
        if (now == awaited && !(now == Awaited.BODY && fresh)) {
            return;
        }
        awaited = now;
        watchBody(now == Awaited.BODY);
        if (now == Awaited.NOTHING) {
            cancel();
        } else {
            set(owner.limit(now).toNanos());
        }
    }

    /** An exchange begins: nothing is awaited. */
    void restart() {
        awaited = Awaited.NOTHING;
        cancel();
        if (bodyRate != null) {
            bodyRate.restart(owner.leastBodyRate());
        }
    }

    private void watchBody(boolean waits) {
        RateWatch watch = bodyRate;
        if (watch == null && waits && !owner.leastBodyRate().isNone()) {
            watch = new RateWatch(loop) {
                @Override
                protected void tooSlow() {
                    owner.onSlowBody();
                }
            };
            watch.restart(owner.leastBodyRate());
            bodyRate = watch;
        }
        if (watch != null) {
            watch.waitFor(waits);
        }
    }

    /** So much of a body has come. */
    void count(int bytes) {
        if (bodyRate != null) {
            bodyRate.count(bytes);
        }
    }

    @Override
    protected void expired() {
        Awaited missed = awaited;
        awaited = Awaited.NOTHING;
        owner.onReadTimeout(missed);
    }

    /** The connection is closed. */
    void end() {
        remove();
        if (bodyRate != null) {
            bodyRate.remove();
        }
    }
}
