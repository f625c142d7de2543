package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ResponseSource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The first half of the request lane: the request phases, in order, up to the first attempt; and who has seen the request on the way, for those are who see its response. */
final class RequestPhases {
    private final Exchange exchange;
    final Suspension.Suspended pending = new Suspension.Suspended();
    private long seen; // a bit for each participant that saw the request

    RequestPhases(Exchange exchange) {
        this.exchange = exchange;
    }

    void reset() {
        seen = 0;
    }

    /** From now on nobody counts as having seen it. */
    void forgetSeen() {
        seen = 0;
    }

    /** What is pending is not wanted any more. */
    void drop() {
        pending.drop();
    }

    void start() {
        run(Phase.EARLY_REQUEST, 0);
    }

    private void run(Phase phase, int from) {
        Participant[] chain = exchange.engine.table.chain(phase);
        try {
            for (int i = from; i < chain.length; i++) {
                Participant participant = chain[i];
                int next = i + 1;
                // Should it answer, the response passes those who saw the request up to here, but nobody behind it.
                if (phase == Phase.EARLY_REQUEST) {
                    seen |= 1L << participant.index;
                } else if (phase == Phase.REQUEST) {
                    seen = (2L << participant.index) - 1;
                }
                FilterResult result = exchange.callbacks.head(phase, participant, null, null, null);
                if (result instanceof FilterResult.Proceed) {
                    continue;
                }
                Object ready = Suspension.await(
                        exchange,
                        phase,
                        participant,
                        result,
                        pending,
                        (value, failure) -> resumed(phase, value, failure, next));
                if (ready == null || responded(ready, ResponseSource.LOCAL)) {
                    return;
                }
            }
        } catch (ProxyException e) {
            exchange.fail(e);
            return;
        }
        switch (phase) {
            case EARLY_REQUEST -> run(Phase.REQUEST, 0);
            case REQUEST -> {
                seen = -1;
                lookUp();
            }
            default -> exchange.attempts.next(false);
        }
    }

    private void resumed(Phase phase, @Nullable Object value, @Nullable ProxyException failure, int next) {
        if (exchange.isEnded() || exchange.isFailing()) {
            return;
        }
        if (value == null) {
            exchange.fail(Exchange.orInternal(failure));
        } else if (!responded(value, ResponseSource.LOCAL)) {
            run(phase, next);
        }
    }

    private boolean responded(Object ready, ResponseSource by) {
        if (ready instanceof FilterResult.Respond respond) {
            exchange.respond(respond.response(), by);
            return true;
        }
        return false;
    }

    private void lookUp() {
        try {
            LocalResponse ours = MaxForwards.answer(exchange.request);
            if (ours != null) {
                exchange.respond(ours, ResponseSource.LOCAL);
                return;
            }
        } catch (ProxyException e) {
            exchange.fail(e);
            return;
        }
        if (exchange.engine.interceptor == null) {
            run(Phase.PROXY_UPSTREAM, 0);
            return;
        }
        try {
            Seams opened = Seams.open(exchange, exchange.engine.interceptor);
            exchange.openedSeams(opened);
            Object ready = opened == null ? FilterResult.proceed() : opened.lookUp(pending, this::lookedUp);
            if (ready != null) {
                lookedUp(ready, null);
            }
        } catch (ProxyException e) {
            exchange.fail(e);
        }
    }

    private void lookedUp(@Nullable Object ready, @Nullable ProxyException failure) {
        if (exchange.isEnded() || exchange.isFailing()) {
            return;
        }
        if (ready == null) {
            exchange.fail(Exchange.orInternal(failure));
        } else if (!responded(ready, ResponseSource.CACHE)) {
            run(Phase.PROXY_UPSTREAM, 0);
        }
    }

    boolean hasSeen(Participant participant) {
        return (seen & 1L << participant.index) != 0;
    }

    /** Those of a phase's chain who saw the request. */
    Participant[] seeing(Phase phase) {
        Participant[] chain = exchange.engine.table.chain(phase);
        if (seen == -1 || chain.length == 0) {
            return chain;
        }
        List<Participant> those = new ArrayList<>(chain.length);
        for (Participant p : chain) {
            if (hasSeen(p)) {
                those.add(p);
            }
        }
        return those.toArray(new Participant[0]);
    }
}
