package dev.lawu.examples.gateway.proxy;

import dev.lawu.examples.gateway.action.RequestIds;
import dev.lawu.examples.gateway.action.RequestVariables;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.upstream.HttpPeer;
import org.jspecify.annotations.Nullable;

/** The state of a request: the route that it took, and where it goes. */
final class GatewayExchange extends RequestVariables {
    @Nullable
    BuiltRoute route;

    private @Nullable PeerTurn turn;
    private int first;

    GatewayExchange(Session session, RequestIds ids) {
        super(session, ids);
    }

    void go(PeerTurn to) {
        turn = to;
        first = to.take();
    }

    int peers() {
        return turn == null ? 0 : turn.size();
    }

    HttpPeer peer(int attempt) {
        PeerTurn to = turn;
        if (to == null) {
            throw new IllegalStateException("no route was chosen (expected: requestFilter before upstreamPeer)");
        }
        return to.peer(first, attempt);
    }
}
