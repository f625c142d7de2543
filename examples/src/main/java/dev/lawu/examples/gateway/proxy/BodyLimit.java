package dev.lawu.examples.gateway.proxy;

import dev.lawu.proxy.ChunkResult;
import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.HttpFilter;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.http.Chunk;
import dev.lawu.proxy.upstream.UpstreamAttempt;

/** Refuses bodies that become longer than their route allows, which no {@code Content-Length} has told. Thread-safe. */
final class BodyLimit implements HttpFilter<Void> {
    @Override
    public Void newContext(Session session) {
        return null;
    }

    @Override
    public ChunkResult requestBodyFilter(Session session, UpstreamAttempt attempt, Chunk chunk, Void state) {
        BuiltRoute route = session.attribute(GatewayProxy.ROUTE);
        long limit = route == null ? -1 : route.policy.maxBody();
        return limit >= 0 && session.requestBodyBytes() > limit
                ? ChunkResult.fail(ProxyException.downstream(
                        ErrorType.BODY_TOO_LARGE, "the request body is longer than " + limit + " bytes"))
                : ChunkResult.forward();
    }

    @Override
    public boolean preservesLength() {
        return true;
    }
}
