package dev.lawu.proxy.spi;

import dev.lawu.proxy.http.ResponseHead;

/** Told by an adapter what comes back from an upstream. */
public interface ClientListener extends StreamListener {
    /**
     * A response head, owned by the listener: any number of informational ones, then one final one or a 101, after which both directions are a tunnel. {@code last} if no body follows. A paused
     * stream tells none.
     */
    void onHead(ResponseHead head, boolean last);
}
