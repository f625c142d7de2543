package dev.lawu.proxy;

import dev.lawu.proxy.http.Chunk;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import org.jspecify.annotations.Nullable;

/**
 * A part of a proxy that sees each request and response in its phases. Every phase has a default that does nothing and, found once when the proxy is built, costs nothing.
 *
 * <p>One instance serves all requests, on all event loops. What belongs to one request is in its state {@code S}, which needs no lock: all callbacks of a session run on its event loop, one at a
 * time. A callback must not block; one that holds the loop too long is reported by the watchdog. A {@link ProxyException} that a callback throws fails the exchange as it is; anything else, and a null
 * result, as {@link ErrorType#INTERNAL} with the method's name. Between {@code connectedToUpstream} and the response it fails the attempt, after which {@link ProxyHttp#errorWhileProxy} decides.
 *
 * <p>Filters see requests in the order in which they were added, then the {@link ProxyHttp}; responses the other way round. A response, an error answer too, passes the filters that saw the request.
 * If one answers in {@code requestFilter}, those are this one and all in front of it; if one answers in {@code earlyRequestFilter}, only those that were asked in that phase: a filter in front that does
 * not implement it does not see the answer. {@code logging} is for all.
 *
 * @param <S> the filter's state of one request; {@code Void} if there is none
 */
public interface HttpFilter<S extends @Nullable Object> {
    /** Makes the state of a request. The first phase; may be null if {@code S} allows it. */
    S newContext(Session session);

    /** The first look at the request, before any {@code requestFilter}. May tune later filters. */
    default FilterResult earlyRequestFilter(Session session, S state) {
        return FilterResult.proceed();
    }

    /** Validates, authorises, limits, rewrites or answers. May read the body first ({@link Session#bufferRequestBody}). */
    default FilterResult requestFilter(Session session, S state) {
        return FilterResult.proceed();
    }

    /** The same, but only for requests that go upstream: not for cache hits. */
    default FilterResult proxyUpstreamFilter(Session session, S state) {
        return FilterResult.proceed();
    }

    /** There is a connection, new or reused; nothing has been sent on it for this request. */
    default void connectedToUpstream(Session session, UpstreamAttempt attempt, S state) {}

    /** Edits the head that is sent upstream: a copy of the client's, with the proxy's fields in place. Runs again for each attempt. */
    default FilterResult upstreamRequestFilter(Session session, UpstreamAttempt attempt, RequestHead head, S state) {
        return FilterResult.proceed();
    }

    /** Sees the request body on its way upstream. Runs again, from the first byte, for each attempt. */
    default ChunkResult requestBodyFilter(Session session, UpstreamAttempt attempt, Chunk chunk, S state) {
        return ChunkResult.forward();
    }

    /** Sees the trailers of the request, after its body. */
    default ChunkResult requestTrailerFilter(Session session, UpstreamAttempt attempt, Headers trailers, S state) {
        return ChunkResult.forward();
    }

    /** Edits the upstream's response head before a cache sees it. Informational (1xx) heads come too, where {@link FilterResult#respond} replaces the whole response. */
    default FilterResult upstreamResponseFilter(Session session, UpstreamAttempt attempt, ResponseHead head, S state) {
        return FilterResult.proceed();
    }

    /** Sees the upstream's response body before a cache does. */
    default ChunkResult upstreamResponseBodyFilter(Session session, UpstreamAttempt attempt, Chunk chunk, S state) {
        return ChunkResult.forward();
    }

    /** Sees the upstream's trailers before a cache does. */
    default ChunkResult upstreamResponseTrailerFilter(
            Session session, UpstreamAttempt attempt, Headers trailers, S state) {
        return ChunkResult.forward();
    }

    /**
     * Edits the head of every response: the upstream's, a cache's, a local or an error answer. It comes before any byte of the body goes through the body filters.
     *
     * <p>A response that it puts in place of another passes, as a head, only the filters that have not seen a head yet; as a body, all that saw the request. If it fails, the error answer passes all that
     * saw the request, this one again.
     */
    default FilterResult responseFilter(Session session, ResponseHead head, S state) {
        return FilterResult.proceed();
    }

    /** Sees the body of every response. */
    default ChunkResult responseBodyFilter(Session session, Chunk chunk, S state) {
        return ChunkResult.forward();
    }

    /** Sees the trailers of every response. */
    default ChunkResult responseTrailerFilter(Session session, Headers trailers, S state) {
        return ChunkResult.forward();
    }

    /** Exactly once and last, when both sides are done, whatever happened. */
    default void logging(Session session, @Nullable ProxyException error, S state) {}

    /** True if the body filters of this filter never change the number of bytes; then {@code Content-Length} is kept, and a change resets the stream. Asked once, when the proxy is built. */
    default boolean preservesLength() {
        return false;
    }
}
