package dev.lawu.proxy.behaviour;

import dev.lawu.proxy.ChunkResult;
import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ProxyHttp;
import dev.lawu.proxy.RetryDecision;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.http.Chunk;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerSelection;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A proxy that implements every callback, notes each call, and does in the scripted ones what a test says. */
class Scripted implements ProxyHttp<Object> {
    /** The calls so far: names of methods; a 1xx head is noted as {@code upstreamResponseFilter1xx}. */
    final List<String> calls = Collections.synchronizedList(new ArrayList<>());

    /** What {@code logging} was told; a null error is noted as {@code ok}. */
    final List<String> logged = Collections.synchronizedList(new ArrayList<>());

    private final Map<String, Supplier<@Nullable Object>> script = new HashMap<>();
    private final HttpPeer peer;

    Scripted(HttpPeer peer) {
        this.peer = peer;
    }

    /** From now on the callback answers what the action gives, or throws what it throws. */
    Scripted on(String callback, Supplier<@Nullable Object> action) {
        script.put(callback, action);
        return this;
    }

    @SuppressWarnings("unchecked")
    private <T> T answer(String callback, T otherwise) {
        calls.add(callback);
        Supplier<@Nullable Object> action = script.get(callback);
        return action == null ? otherwise : (T) action.get();
    }

    @Override
    public Object newContext(Session session) {
        return answer("newContext", this);
    }

    @Override
    public FilterResult earlyRequestFilter(Session session, Object state) {
        return answer("earlyRequestFilter", FilterResult.proceed());
    }

    @Override
    public FilterResult requestFilter(Session session, Object state) {
        return answer("requestFilter", FilterResult.proceed());
    }

    @Override
    public FilterResult proxyUpstreamFilter(Session session, Object state) {
        return answer("proxyUpstreamFilter", FilterResult.proceed());
    }

    @Override
    public PeerSelection upstreamPeer(Session session, UpstreamAttempt attempt, Object state) {
        return answer("upstreamPeer", peer);
    }

    @Override
    public RetryDecision failToConnect(Session session, UpstreamAttempt attempt, ProxyException error, Object state) {
        return answer("failToConnect", RetryDecision.giveUp());
    }

    @Override
    public void connectedToUpstream(Session session, UpstreamAttempt attempt, Object state) {
        answer("connectedToUpstream", null);
    }

    @Override
    public FilterResult upstreamRequestFilter(
            Session session, UpstreamAttempt attempt, RequestHead head, Object state) {
        return answer("upstreamRequestFilter", FilterResult.proceed());
    }

    @Override
    public ChunkResult requestBodyFilter(Session session, UpstreamAttempt attempt, Chunk chunk, Object state) {
        return answer("requestBodyFilter", ChunkResult.forward());
    }

    @Override
    public ChunkResult requestTrailerFilter(Session session, UpstreamAttempt attempt, Headers trailers, Object state) {
        return answer("requestTrailerFilter", ChunkResult.forward());
    }

    @Override
    public FilterResult upstreamResponseFilter(
            Session session, UpstreamAttempt attempt, ResponseHead head, Object state) {
        return answer(
                head.isInformational() ? "upstreamResponseFilter1xx" : "upstreamResponseFilter",
                FilterResult.proceed());
    }

    @Override
    public ChunkResult upstreamResponseBodyFilter(Session session, UpstreamAttempt attempt, Chunk chunk, Object state) {
        return answer("upstreamResponseBodyFilter", ChunkResult.forward());
    }

    @Override
    public ChunkResult upstreamResponseTrailerFilter(
            Session session, UpstreamAttempt attempt, Headers trailers, Object state) {
        return answer("upstreamResponseTrailerFilter", ChunkResult.forward());
    }

    @Override
    public FilterResult responseFilter(Session session, ResponseHead head, Object state) {
        return answer("responseFilter", FilterResult.proceed());
    }

    @Override
    public ChunkResult responseBodyFilter(Session session, Chunk chunk, Object state) {
        return answer("responseBodyFilter", ChunkResult.forward());
    }

    @Override
    public ChunkResult responseTrailerFilter(Session session, Headers trailers, Object state) {
        return answer("responseTrailerFilter", ChunkResult.forward());
    }

    @Override
    public RetryDecision errorWhileProxy(Session session, UpstreamAttempt attempt, ProxyException error, Object state) {
        return answer("errorWhileProxy", RetryDecision.giveUp());
    }

    @Override
    public LocalResponse failToProxy(Session session, ProxyException error, Object state) {
        return answer("failToProxy", LocalResponse.of(error.defaultStatus()).text("failed"));
    }

    @Override
    public boolean suppressErrorLog(Session session, ProxyException error, Object state) {
        return Boolean.TRUE.equals(answer("suppressErrorLog", false));
    }

    @Override
    public String requestSummary(Session session, Object state) {
        return answer("requestSummary", "a request");
    }

    @Override
    public void logging(Session session, @Nullable ProxyException error, Object state) {
        logged.add(error == null ? "ok" : error.toString());
        answer("logging", null);
    }
}
