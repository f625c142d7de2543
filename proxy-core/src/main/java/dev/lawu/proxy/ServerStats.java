package dev.lawu.proxy;

import java.util.Map;

/** What a server is doing and has done, read at one moment; each number is exact when nothing is going on. Implemented by the engine, which may come to tell more. Thread-safe. */
public interface ServerStats {
    /** Clients' connections that are open. */
    int connections();

    /** Requests that are being worked on. */
    int exchanges();

    /** Upstream connections in use, being made, or on their way from one event loop to another. */
    int upstreamActive();

    /** Upstream connections in the pools. */
    int upstreamIdle();

    /** Requests that wait for an upstream connection to become free. */
    int upstreamWaiting();

    /** Blocking callbacks that run or wait. */
    int blockingRunning();

    /** Requests that were started since the server started. */
    long requests();

    /** Upstream connections that were made since then. */
    long upstreamConnects();

    /** Requests that went on a pooled connection, one taken over from another event loop included. */
    long upstreamReuses();

    /** Idle connections that an event loop took over from another. */
    long upstreamTakeovers();

    /** Requests that waited too long for an upstream connection. */
    long upstreamWaitTimeouts();

    /**
     * Upstream connections that were closed, by reason: {@code peer} (it ended an idle one, or sent something on it), {@code exchange} (the exchange left it unusable, or the peer asked for its end),
     * {@code idle-timeout}, {@code max-age}, {@code max-requests}, {@code surplus} (more were idle than are kept), {@code evicted} (to make room for another),
     * {@code client-gone} (it was only one client's, see {@link dev.lawu.proxy.upstream.ProxyProtocol}), {@code shutdown}.
     */
    Map<String, Long> upstreamClosed();

    /** Connections that were closed before anything of HTTP was read, and requests that were refused before they had a session, by reason. */
    Map<String, Long> refused();

    /** Callbacks that held an event loop too long. */
    long watchdogReports();

    /** Exchanges that failed, by source and type, such as {@code UPSTREAM RESPONSE_HEAD_TIMEOUT}. */
    Map<String, Long> errors();

    /** Attempts that followed a failed one. */
    long retries();

    /** Attempts that the retry budget did not allow. */
    long retriesRefused();

    /** Bytes of request bodies that are in files for another attempt now. */
    long replayFileBytes();

    /** How often a connection could not be accepted, for want of file descriptors above all; it waits meanwhile. */
    long acceptFailures();
}
