package dev.lawu.proxy;

/**
 * When the parts of an exchange happened, in nanoseconds since its request began to arrive; -1 for what has not happened.
 *
 * @param requestHead the request head was complete
 * @param requestEnd the last byte of the request was received
 * @param peerChosen the peer of the last attempt was chosen
 * @param connected the last attempt had a connection
 * @param upstreamHead the last attempt had its response head
 * @param responseHead the response head was given to the client's connection
 * @param responseEnd the last byte of the response was given to the client's connection
 */
public record Timings(
        long requestHead,
        long requestEnd,
        long peerChosen,
        long connected,
        long upstreamHead,
        long responseHead,
        long responseEnd) {}
