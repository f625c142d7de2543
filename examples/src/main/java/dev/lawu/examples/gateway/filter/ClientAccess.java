package dev.lawu.examples.gateway.filter;

import dev.lawu.examples.gateway.action.RequestVariables;
import dev.lawu.examples.gateway.route.Condition;
import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.LocalResponse;
import java.util.List;

/** Lets clients in by their address: none that is denied, and, if some are allowed, only those. Else 403. */
public final class ClientAccess implements RequestCheck {
    private static final FilterResult FORBIDDEN =
            FilterResult.respond(LocalResponse.of(403).text("403 Forbidden\n"));

    private final Condition.Client allowed;
    private final Condition.Client denied;
    private final boolean allowsAll;

    /**
     * Addresses and networks; no allowed ones allow all but the denied.
     *
     * @throws IllegalArgumentException if one is neither an address nor a CIDR block
     */
    public ClientAccess(List<String> allowed, List<String> denied) {
        this.allowed = new Condition.Client(allowed);
        this.denied = new Condition.Client(denied);
        this.allowsAll = allowed.isEmpty();
    }

    @Override
    public FilterResult check(RequestVariables variables) {
        boolean isAllowed = !denied.matches(variables) && (allowsAll || allowed.matches(variables));
        return isAllowed ? FilterResult.proceed() : FORBIDDEN;
    }
}
