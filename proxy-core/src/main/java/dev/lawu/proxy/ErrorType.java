package dev.lawu.proxy;

/** What went wrong. Each type has the status that {@code failToProxy} answers by default; see {@link ProxyException#defaultStatus()}. */
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
    /** The peer closed or reset the connection, or it could not be read. */
    CONNECTION_CLOSED,
    /** The response head did not come in time. */
    RESPONSE_HEAD_TIMEOUT,
    /** The body stopped coming. */
    BODY_TIMEOUT,
    /** The peer stopped taking what is sent to it. */
    WRITE_TIMEOUT,
    /** A callback's pending result did not come in time. */
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
    /** The server is shutting down. */
    SHUTDOWN
}
