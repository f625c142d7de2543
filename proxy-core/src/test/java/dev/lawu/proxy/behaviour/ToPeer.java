package dev.lawu.proxy.behaviour;

import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ProxyHttp;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerSelection;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A proxy to one peer that implements nothing else but {@code logging}, which notes its error; tests add the phases that they are about. */
class ToPeer implements ProxyHttp<Object> {
    /** What {@code logging} was told; a null error is noted as {@code ok}. */
    final List<String> logged = Collections.synchronizedList(new ArrayList<>());

    private final HttpPeer peer;

    ToPeer(HttpPeer peer) {
        this.peer = peer;
    }

    @Override
    public Object newContext(Session session) {
        return this;
    }

    @Override
    public PeerSelection upstreamPeer(Session session, UpstreamAttempt attempt, Object state) {
        return peer;
    }

    @Override
    public void logging(Session session, @Nullable ProxyException error, Object state) {
        logged.add(error == null ? "ok" : error.toString());
    }
}
