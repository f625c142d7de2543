package dev.lawu.examples.gateway.proxy;

import dev.lawu.examples.gateway.filter.RequestCheck;
import dev.lawu.examples.gateway.proxy.Route.Forward;
import dev.lawu.examples.gateway.proxy.Route.Local;
import dev.lawu.examples.gateway.proxy.Route.Share;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/** A route, ready to be followed. Thread-safe. */
final class BuiltRoute {
    final Route route;
    final RoutePolicy policy;
    final RequestCheck[] checks;
    final @Nullable Local local;
    private final PeerTurn[] turns;
    private final int[] bounds; // each share's weight and those in front of it

    BuiltRoute(Route route, Map<Upstream, AtomicInteger> counters) {
        this.route = route;
        this.policy = route.policy();
        this.checks = policy.checks().toArray(new RequestCheck[0]);
        this.local = route.target() instanceof Local answer ? answer : null;
        List<PeerTurn> list = new ArrayList<>();
        List<Share> shares = route.target() instanceof Forward forward
                ? forward.shares().stream().filter(share -> share.weight() > 0).toList()
                : List.of();
        bounds = new int[shares.size()];
        int sum = 0;
        for (Share share : shares) {
            sum += share.weight();
            bounds[list.size()] = sum;
            list.add(turn(
                    share.upstream(), counters.computeIfAbsent(share.upstream(), upstream -> new AtomicInteger())));
        }
        turns = list.toArray(new PeerTurn[0]);
    }

    private PeerTurn turn(Upstream upstream, AtomicInteger next) {
        boolean isChanged = !policy.timeouts().equals(PeerTimeouts.NONE);
        return new PeerTurn(
                upstream.peers().stream()
                        .map(peer -> isChanged
                                ? peer.withOptions(policy.timeouts().over(peer.options()))
                                : peer)
                        .toList(),
                next);
    }

    /** The upstream that a request goes to, by chance where there are several. */
    PeerTurn choose(IntUnaryOperator random) {
        if (turns.length == 1) {
            return turns[0];
        }
        int at = random.applyAsInt(bounds[bounds.length - 1]);
        int chosen = 0;
        while (at >= bounds[chosen]) {
            chosen++;
        }
        return turns[chosen];
    }
}
