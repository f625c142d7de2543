package dev.lawu.proxy.spi;

import dev.lawu.proxy.http.RequestHead;

/** What an adapter of the client's side gives requests to. One for each event loop. */
public interface ExchangeStarter {
    /**
     * Starts the exchange of a request.
     *
     * @param head owned by the exchange from now on
     * @param last if there is no body
     * @return who is told the body and the client's departure
     */
    StreamListener start(ServerStream stream, RequestHead head, boolean last);

    /**
     * Counts and logs a message that was refused before it was a request, or a client that was too slow. The reason is one of a few fixed words; the detail says what was found and what was expected,
     * safe for a log. {@code status} is 0 if the client was not answered but cut off.
     */
    void refused(ConnectionInfo connection, int status, String reason, String detail);
}
