package dev.lawu.proxy;

/**
 * What went wrong. With its {@link ErrorSource} each type has the status that {@code failToProxy} answers by default; see {@link ProxyException#defaultStatus()}. Every deadline has its own type, or
 * is told by type and source; the message says its value.
 *
 * <p>Constants may be added in any version: a {@code switch} needs a default.
 */
public enum ErrorType {
    /** A name could not be resolved. */
    RESOLVE,
    /** No connection could be made: refused, unreachable. */
    CONNECT,
    /** No connection was made within the connect timeout, or no tunnel within that of the proxy through which the peer is reached. */
    CONNECT_TIMEOUT,
    /** The proxy through which the peer is reached did not open a tunnel to it. */
    PROXY_CONNECT,
    /** No connection to the peer became free within the wait timeout. */
    POOL_TIMEOUT,
    /** The attempt had no response head within {@code attemptTimeout}. */
    ATTEMPT_TIMEOUT,
    /** The exchange was not over within {@code requestTimeout}: the client's fault if its body is what was missing, else the upstream's or the proxy's. */
    REQUEST_TIMEOUT,
    /** The peer closed or reset the connection, or it could not be read. */
    CONNECTION_CLOSED,
    /** The response head did not come in time. */
    RESPONSE_HEAD_TIMEOUT,
    /** The body stopped coming. */
    BODY_TIMEOUT,
    /** The body came, but more slowly than the least rate. */
    BODY_RATE,
    /** The peer stopped taking what is sent to it. */
    WRITE_TIMEOUT,
    /** The peer took what is sent to it, but more slowly than the least rate. */
    WRITE_RATE,
    /** Nothing moved in a tunnel for {@code tunnelIdleTimeout}. */
    TUNNEL_IDLE,
    /** A callback's pending result, or a piece of a local response's body, did not come in time. */
    CALLBACK_TIMEOUT,
    /** The peer broke the protocol. */
    PROTOCOL,
    /** The request body is larger than what was asked to be held. */
    BODY_TOO_LARGE,
    /** A resource of the proxy is used up: the blocking queue, a pool. */
    OVERLOAD,
    /** A callback threw, answered null or broke its contract, or the engine has a bug. */
    INTERNAL,
    /** A callback failed the exchange on purpose. */
    REJECTED,
    /** It is not wanted any more: another response was put in its place, or the exchange is over. What an upstream's stream, a tee or a body is broken off with; no exchange fails with it. */
    CANCELLED,
    /** The server is shutting down. */
    SHUTDOWN
}
