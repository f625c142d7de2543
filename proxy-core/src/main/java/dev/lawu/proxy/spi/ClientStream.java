package dev.lawu.proxy.spi;

import dev.lawu.proxy.http.RequestHead;

/** The upstream's side of an attempt. */
public interface ClientStream extends HttpStream {
    /** Who is told what arrives. To be called once, before {@link #send}. A reset that the stream tells says what it knows of {@link dev.lawu.proxy.Retryability}. */
    void listen(ClientListener listener);

    /** Sends the request head. {@code last} if there is no body. The head stays the caller's. */
    void send(RequestHead head, boolean last);

    /** Gives the connection back unused: nothing was sent. */
    void release();
}
