package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.HttpFilter;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.ProxyHttp;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Who takes part in which phase, found once when a proxy is built: a phase that nobody implements is an empty array. Immutable. */
final class PhaseTable {
    private static final int MOST = 64; // one bit each in RequestPhases.seen

    final Participant[] participants;
    final ProxyHttp<Object> proxy;
    private final Participant[][] chains = new Participant[Phase.values().length][];

    @SuppressWarnings("unchecked") // as in Participant
    PhaseTable(HttpProxy description) {
        List<HttpFilter<?>> order = new ArrayList<>(description.filters());
        order.add(description.proxyHttp());
        if (order.size() > MOST) {
            throw new IllegalArgumentException(
                    "filters: " + (order.size() - 1) + " (expected: at most " + (MOST - 1) + ")");
        }
        proxy = (ProxyHttp<Object>) description.proxyHttp();
        participants = new Participant[order.size()];
        for (int i = 0; i < participants.length; i++) {
            participants[i] =
                    new Participant(i, order.get(i), order.get(i).getClass().getName());
        }
        for (Phase phase : Phase.values()) {
            List<Participant> chain = new ArrayList<>();
            for (Participant participant : participants) {
                if (phase.parameters != null && participant.implementsPhase(phase)) {
                    chain.add(participant);
                }
            }
            if (phase.reversed) {
                Collections.reverse(chain);
            }
            chains[phase.ordinal()] = chain.toArray(new Participant[0]);
        }
    }

    /** Those who implement the phase, in the order in which they are asked. */
    Participant[] chain(Phase phase) {
        return chains[phase.ordinal()];
    }

    /** The {@code ProxyHttp} itself. */
    Participant proxyParticipant() {
        return participants[participants.length - 1];
    }
}
