package dev.lawu.proxy;

import dev.lawu.proxy.upstream.PeerSelection;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import org.jspecify.annotations.Nullable;

/**
 * A proxy: the phases of {@link HttpFilter}, and what only the proxy decides. Only {@link #newContext} and {@link #upstreamPeer} must be written.
 *
 * <pre>{@code
 * HttpPeer app = HttpPeer.of("127.0.0.1", 9000);
 * HttpProxy proxy = HttpProxy.of(new ProxyHttp<Void>() {
 *     public Void newContext(Session session) { return null; }
 *     public PeerSelection upstreamPeer(Session session, UpstreamAttempt attempt, Void state) { return app; }
 * });
 * ProxyServer server = ProxyServer.builder(proxy).listen("127.0.0.1", 8080).start();
 * }</pre>
 *
 * @param <C> the proxy's state of one request
 */
public interface ProxyHttp<C extends @Nullable Object> extends HttpFilter<C> {
    /** Chooses where the request goes; asked again for every attempt, whose number says which it is. */
    PeerSelection upstreamPeer(Session session, UpstreamAttempt attempt, C state);

    /** No connection could be made; nothing has been sent. The default gives up. */
    default RetryDecision failToConnect(Session session, UpstreamAttempt attempt, ProxyException error, C state) {
        return RetryDecision.giveUp();
    }

    /** An attempt failed after it was connected. The default retries unless the error's {@link Retryability} is {@code NEVER}; the engine makes sure that it is safe, see {@link RetryDecision}. */
    default RetryDecision errorWhileProxy(Session session, UpstreamAttempt attempt, ProxyException error, C state) {
        return error.retryability() == Retryability.NEVER ? RetryDecision.giveUp() : RetryDecision.retry();
    }

    /** Makes the answer to an error while that is still possible. The default is the error's status with a short text. */
    default LocalResponse failToProxy(Session session, ProxyException error, C state) {
        int status = error.defaultStatus();
        return LocalResponse.of(status)
                .header("Cache-Control", "private, no-store")
                .text(status + " " + dev.lawu.proxy.http.Status.reason(status) + "\n");
    }

    /** True keeps the engine from logging this error. */
    default boolean suppressErrorLog(Session session, ProxyException error, C state) {
        return false;
    }

    /** How an error line names the request. */
    default String requestSummary(Session session, C state) {
        return session.request() + ", Host: " + session.request().authority();
    }
}
