package dev.lawu.proxy;

import java.util.Map;

/**
 * What a server is doing and has done, read at one moment; each number is exact when nothing is going on.
 *
 * @param connections clients' connections that are open
 * @param exchanges requests that are being worked on
 * @param upstreamActive upstream connections in use or being made
 * @param upstreamIdle upstream connections in the pools
 * @param blockingRunning blocking callbacks that run or wait
 * @param requests requests that were started since the server started
 * @param upstreamConnects upstream connections that were made since then
 * @param refused connections that were closed before anything of HTTP was read, and requests that were refused before they had a session, by reason
 * @param watchdogReports callbacks that held an event loop too long
 * @param acceptFailures how often a connection could not be accepted, for want of file descriptors above all; it waits meanwhile
 */
public record ServerStats(
        int connections,
        int exchanges,
        int upstreamActive,
        int upstreamIdle,
        int blockingRunning,
        long requests,
        long upstreamConnects,
        Map<String, Long> refused,
        long watchdogReports,
        long acceptFailures) {}
