package dev.lawu.proxy.internal.h1;

/** What a connection's read deadline is for. */
enum Awaited {
    /** Nothing: there is no deadline. */
    NOTHING,
    /** The first byte of the next request. */
    REQUEST,
    /** The end of a head. */
    HEAD,
    /** An answer to the expectation of a 100, for which the body waits. */
    CONTINUE,
    /** The next byte of a body. */
    BODY,
    /** What an upstream had sent before it could no longer be written to. */
    LAST_WORDS
}
