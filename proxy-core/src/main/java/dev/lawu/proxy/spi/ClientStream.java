package dev.lawu.proxy.spi;

import dev.lawu.proxy.http.RequestHead;

/** The upstream's side of an attempt. */
public interface ClientStream extends HttpStream {
    /** Who is told what arrives. To be called once, before {@link #send}. */
    void listen(ClientListener listener);

    /** Sends the request head. {@code last} if there is no body. The head stays the caller's. */
    void send(RequestHead head, boolean last);

    /** Gives the connection back unused: nothing was sent. */
    void release();

    /** True if a byte of the response has arrived. */
    boolean hasResponseBytes();
}
