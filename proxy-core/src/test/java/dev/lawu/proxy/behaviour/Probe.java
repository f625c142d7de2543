package dev.lawu.proxy.behaviour;

import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ProxyHttp;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerSelection;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** A proxy that notes what {@code logging} was told: the target and the error of each exchange, in order. */
final class Probe implements ProxyHttp<Object> {
    private final Function<Session, PeerSelection> peers;
    private final Function<Session, FilterResult> filter;
    private final List<String> logged = new CopyOnWriteArrayList<>();

    Probe(HttpPeer peer) {
        this(session -> peer, session -> FilterResult.proceed());
    }

    Probe(Function<Session, PeerSelection> peers, Function<Session, FilterResult> filter) {
        this.peers = peers;
        this.filter = filter;
    }

    /** A proxy to one peer. */
    static HttpProxy to(HttpPeer peer) {
        return HttpProxy.of(new Probe(peer));
    }

    /** A proxy to one peer, with options. */
    static HttpProxy to(HttpPeer peer, UnaryOperator<ProxyOptions.Builder> options) {
        return new Probe(peer).with(options);
    }

    HttpProxy proxy() {
        return HttpProxy.of(this);
    }

    HttpProxy with(UnaryOperator<ProxyOptions.Builder> options) {
        return HttpProxy.builder(this)
                .options(options.apply(ProxyOptions.builder()).build())
                .build();
    }

    /** {@code /target} or {@code /target SOURCE TYPE} for each exchange that has ended. */
    List<String> logged() {
        return logged;
    }

    @Override
    public Object newContext(Session session) {
        return this;
    }

    @Override
    public FilterResult requestFilter(Session session, Object state) {
        return filter.apply(session);
    }

    @Override
    public PeerSelection upstreamPeer(Session session, UpstreamAttempt attempt, Object state) {
        return peers.apply(session);
    }

    @Override
    public boolean suppressErrorLog(Session session, ProxyException error, Object state) {
        return true;
    }

    @Override
    public void logging(Session session, ProxyException error, Object state) {
        logged.add(session.request().target() + (error == null ? "" : " " + error.source() + " " + error.type()));
    }
}
