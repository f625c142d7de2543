package dev.lawu.proxy;

import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * One request and its response, as callbacks see them.
 *
 * <p>All callbacks of a session run on its event loop, one at a time; use it there, or in code that a callback's pending result waits for. After {@code logging} every method but
 * {@link #isEnded()} throws {@link IllegalStateException}. Only for a {@linkplain FilterResult#blocking blocking} callable that is still running does it last longer, until the callable returns.
 */
public interface Session {
    /** The client's request. Edits in the request phases are seen by later phases and by the upstream. */
    RequestHead request();

    /** The response that the client gets or got, so far as it is known: set before {@code responseFilter}; null before. */
    @Nullable
    ResponseHead response();

    /** Where the response comes from; null while there is none. */
    @Nullable
    ResponseSource responseSource();

    /** The address of the client: the connection's, or what a trusted proxy in front of it says in {@code X-Forwarded-For}. Null only if the transport has no addresses. */
    @Nullable
    InetSocketAddress clientAddress();

    /** The other end of the client's connection. */
    @Nullable
    SocketAddress remoteAddress();

    /** This end of the client's connection. */
    @Nullable
    SocketAddress localAddress();

    /** {@code https} if the client's connection, or the trusted proxy in front of it, uses TLS; else {@code http}. */
    String scheme();

    /** The number of the client's connection, unique in the process. */
    long connectionNumber();

    /** 1 for the first request of the client's connection. */
    int requestNumber();

    /** When things happened. */
    Timings timings();

    /** The last attempt; null before the first. */
    @Nullable
    UpstreamAttempt attempt();

    /** Bytes of the request body received so far. */
    long requestBodyBytes();

    /** Bytes of the response body given to the client's connection so far, after filters, without framing. */
    long responseBodyBytes();

    /** What failed the exchange; null if nothing did (so far). */
    @Nullable
    ProxyException error();

    /** Returns what {@link #attribute(AttributeKey, Object)} left under this key; null if nothing. */
    <T> @Nullable T attribute(AttributeKey<T> key);

    /** Leaves a value for other filters; null removes it. */
    <T> void attribute(AttributeKey<T> key, @Nullable T value);

    /**
     * Reads the whole request body before the request is routed, for a signature or a decision that needs it; it is forwarded afterwards all the same. May be called in {@code earlyRequestFilter},
     * {@code requestFilter} and {@code proxyUpstreamFilter}, once for a request: {@code FilterResult.async(session.bufferRequestBody(65_536).thenApply(...))}. The result need not wait for the stage, but
     * then the filter cannot decide by the body.
     *
     * <p>If the client expects {@code 100-continue} it is answered by the proxy. The stage fails with {@link ErrorType#BODY_TOO_LARGE} if the body is longer, and with other {@link ProxyException}s if it
     * does not arrive. If the filter passes the failure on, the client gets 413; if it goes on instead, a body that is too long is forwarded whole.
     *
     * <p>On the session's event loop only: {@link IllegalStateException} within a blocking callable.
     *
     * @param limit the most bytes to hold, 1 byte to 1 GiB
     * @return a stage that is the engine's alone to complete
     */
    CompletionStage<byte[]> bufferRequestBody(int limit);

    /** Allows that the request is sent again after an upstream may have processed it, though its method is not idempotent. */
    void allowReplay();

    /** Runs tasks on this session's event loop. */
    Executor executor();

    /** True after {@code logging}; the only method that may be called then. */
    boolean isEnded();
}
