package dev.lawu.examples.gateway.proxy;

import dev.lawu.examples.gateway.action.RequestIds;
import dev.lawu.examples.gateway.action.RequestVariables;
import dev.lawu.proxy.Session;

/** The state of a request: the route that it took, and where it goes. */
final class GatewayExchange extends RequestVariables {
    /** The route that was taken; one that leads nowhere before that, and where none is. */
    BuiltRoute route;

    /** That the route has answered by itself, in place of a choice. */
    static final int ANSWERED = -2;

    /** See {@link BuiltRoute#choose}; -1 before that. */
    int choice = -1;

    GatewayExchange(Session session, BuiltRoute none) {
        super(session);
        route = none;
    }

    @Override
    protected RequestIds ids() {
        return route.ids;
    }
}
