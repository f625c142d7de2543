package dev.lawu.proxy.spi;

import dev.lawu.proxy.http.ResponseHead;

/**
 * The client's side of an exchange. {@link ExchangeStarter#start} is called for each request; the listener that it gives back is told the body.
 *
 * <p>When the response has ended the stream is over for the machine, even if the request has not: what still comes of it is the adapter's to discard or to break off.
 */
public interface ServerStream extends HttpStream {
    /** Sends an informational (1xx) head; not 101. A client that does not understand it (HTTP/1.0) is not sent it. The head stays the caller's. */
    void respondInformational(ResponseHead head);

    /**
     * Sends the final head, or a 101, after which both directions are a tunnel. The head stays the caller's. The adapter knows the method: for HEAD, 204 and 304 {@code last} is true and
     * {@code Content-Length} may tell what a body would have.
     */
    void respond(ResponseHead head, boolean last);

    /** Asks that the connection is closed after this response; to be called before {@link #respond}. */
    void closeAfterResponse();

    /** 1 for the first request of the connection. */
    int requestNumber();

    /** When the request's first byte arrived, as {@link TimeSource#nanoTime()}. */
    long startNanos();
}
