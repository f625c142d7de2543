package dev.lawu.proxy;

/** On which side of the proxy an error arose. */
public enum ErrorSource {
    /** The client or the connection to it. */
    DOWNSTREAM,
    /** The peer or the connection to it. */
    UPSTREAM,
    /** The proxy itself: a callback, a limit, the engine. */
    INTERNAL
}
