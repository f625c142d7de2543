package dev.lawu.examples.gateway.proxy;

import dev.lawu.examples.gateway.action.RequestIds;
import dev.lawu.examples.gateway.filter.RequestCheck;
import dev.lawu.examples.gateway.proxy.Route.Forward;
import dev.lawu.examples.gateway.proxy.Route.Local;
import dev.lawu.examples.gateway.proxy.Route.Share;
import dev.lawu.examples.gateway.route.RouteMatch;
import dev.lawu.proxy.upstream.HttpPeer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/** A route, ready to be followed. Thread-safe. */
final class BuiltRoute {
    final RouteMatch match;
    final RoutePolicy policy;
    final RequestIds ids;
    final RequestCheck[] checks;
    final @Nullable Local local;

    private final PeerTurn[] turns;
    /** For each share its weight and those in front of it. */
    private final int[] weights;
    /** For each share the peers in front of it. */
    private final int[] offsets;

    /** A route that leads somewhere. */
    BuiltRoute(Route route, RequestIds ids, Map<Upstream, AtomicInteger> counters) {
        this(
                route.match(),
                route.policy(),
                ids,
                route.target() instanceof Local answer ? answer : null,
                route.target() instanceof Forward forward ? forward.shares() : List.of(),
                counters);
    }

    /** What holds for requests that no route takes. */
    static BuiltRoute none(RoutePolicy policy, RequestIds ids) {
        return new BuiltRoute(RouteMatch.ALL, policy, ids, null, List.of(), Map.of());
    }

    private BuiltRoute(
            RouteMatch match,
            RoutePolicy policy,
            RequestIds ids,
            @Nullable Local local,
            List<Share> shares,
            Map<Upstream, AtomicInteger> counters) {
        this.match = match;
        this.policy = policy;
        this.ids = ids;
        this.local = local;
        checks = policy.checks().toArray(new RequestCheck[0]);
        List<Share> used = shares.stream().filter(share -> share.weight() > 0).toList();
        turns = new PeerTurn[used.size()];
        weights = new int[used.size()];
        offsets = new int[used.size()];
        for (int i = 0; i < turns.length; i++) {
            Upstream upstream = used.get(i).upstream();
            AtomicInteger next = counters.computeIfAbsent(upstream, key -> new AtomicInteger());
            turns[i] = new PeerTurn(peers(upstream), next);
            weights[i] = used.get(i).weight() + (i == 0 ? 0 : weights[i - 1]);
            offsets[i] = i == 0 ? 0 : offsets[i - 1] + turns[i - 1].size();
        }
    }

    private List<HttpPeer> peers(Upstream upstream) {
        if (policy.timeouts().equals(PeerTimeouts.NONE)) {
            return upstream.peers();
        }
        return upstream.peers().stream()
                .map(peer -> peer.withOptions(policy.timeouts().over(peer.options())))
                .toList();
    }

    /** The peer to begin with, by its number among all of the route's: of an upstream by chance where there are several, and of its peers the one whose turn it is. */
    int choose(IntUnaryOperator random) {
        int share = 0;
        if (turns.length > 1) {
            int at = random.applyAsInt(weights[weights.length - 1]);
            while (at >= weights[share]) {
                share++;
            }
        }
        return offsets[share] + turns[share].take();
    }

    /** The peer of an attempt, which stays with the upstream that was chosen. */
    HttpPeer peer(int choice, int attempt) {
        int share = share(choice);
        return turns[share].peer(choice - offsets[share], attempt);
    }

    /** How many peers the upstream has that was chosen. */
    int peers(int choice) {
        return turns[share(choice)].size();
    }

    private int share(int choice) {
        if (choice < 0) {
            throw new IllegalStateException("no peer was chosen (expected: requestFilter before upstreamPeer)");
        }
        int share = turns.length - 1;
        while (offsets[share] > choice) {
            share--;
        }
        return share;
    }
}
