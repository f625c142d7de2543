package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.ProxyException;

/** Where the body of a response comes from: an attempt, or a local response. It gives what it has to {@link ResponsePath} while it is resumed. */
interface BodySource {
    /** More may be given. */
    void resume();

    /** Nothing more may be given until {@link #resume()}. */
    void pause();

    /** The rest is not wanted. */
    void abandon(ProxyException cause);
}
