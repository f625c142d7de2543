package dev.lawu.proxy;

/** Where the response that the client gets comes from. */
public enum ResponseSource {
    /** The upstream. */
    UPSTREAM,
    /** A {@link LocalResponse} of a callback. */
    LOCAL,
    /** A cache that is plugged in. */
    CACHE,
    /** {@code failToProxy}. */
    ERROR
}
