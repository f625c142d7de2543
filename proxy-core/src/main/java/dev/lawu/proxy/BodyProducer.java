package dev.lawu.proxy;

/**
 * Makes the body of a {@link LocalResponse} as the client takes it. One instance serves one response.
 *
 * <p>The engine calls {@link #produce} on the session's event loop each time when the client could take more, and not again before the producer has written something to the sink. The producer may
 * write at once or later, from any thread. What it writes unasked waits in memory, at most 16 MiB; more breaks the response off.
 */
@FunctionalInterface
public interface BodyProducer {
    /**
     * Asks for at least one piece, {@link BodySink#end} or {@link BodySink#fail}. Must not block. What it throws breaks the response off, and so does it if nothing comes within
     * {@link ProxyOptions#callbackTimeout()}; an empty piece counts, so a producer that waits for an event longer than that writes one.
     */
    void produce(BodySink sink) throws Exception;

    /**
     * The body is not wanted, or not any more: the client has left, a filter failed or put another response in its place, or no body was asked for (HEAD, 204, 304), perhaps without any {@link #produce}
     * before. Called at most once, on the event loop; not after {@code end} or {@code fail}.
     */
    default void cancelled() {}
}
