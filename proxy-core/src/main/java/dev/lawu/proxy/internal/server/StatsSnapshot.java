package dev.lawu.proxy.internal.server;

import dev.lawu.proxy.ServerStats;
import dev.lawu.proxy.internal.loop.LoopCounters;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** What the loops have counted, added up. */
record StatsSnapshot(
        int connections,
        int exchanges,
        int upstreamActive,
        int upstreamIdle,
        int upstreamWaiting,
        int blockingRunning,
        long requests,
        long upstreamConnects,
        long upstreamReuses,
        long upstreamTakeovers,
        long upstreamWaitTimeouts,
        Map<String, Long> upstreamClosed,
        Map<String, Long> refused,
        long watchdogReports,
        Map<String, Long> errors,
        long retries,
        long retriesRefused,
        long replayFileBytes,
        long acceptFailures)
        implements ServerStats {
    /** Adds up the loops' counters; {@code moving} upstream connections are no loop's. */
    static ServerStats of(
            Iterable<LoopCounters> loops,
            int connections,
            int moving,
            int blockingRunning,
            long watchdogReports,
            long replayFileBytes,
            long acceptFailures) {
        long exchanges = 0;
        long active = moving;
        long idle = 0;
        long waiting = 0;
        long requests = 0;
        long connects = 0;
        long reuses = 0;
        long takeovers = 0;
        long waitTimeouts = 0;
        long retries = 0;
        long retriesRefused = 0;
        Map<String, Long> closed = new TreeMap<>();
        Map<String, Long> errors = new TreeMap<>();
        Map<String, Long> refused = new TreeMap<>();
        for (LoopCounters loop : loops) {
            exchanges += loop.exchanges();
            active += loop.upstreamActive();
            idle += loop.upstreamIdle();
            waiting += loop.upstreamWaiting();
            requests += loop.requests();
            connects += loop.upstreamConnects();
            reuses += loop.upstreamReuses();
            takeovers += loop.upstreamTakeovers();
            waitTimeouts += loop.upstreamWaitTimeouts();
            retries += loop.retries();
            retriesRefused += loop.retriesRefused();
            loop.addClosedTo(closed);
            loop.addFailedTo(errors);
            loop.addRefusedTo(refused);
        }
        return new StatsSnapshot(
                connections,
                (int) exchanges,
                (int) active,
                (int) idle,
                (int) waiting,
                blockingRunning,
                requests,
                connects,
                reuses,
                takeovers,
                waitTimeouts,
                Collections.unmodifiableMap(closed),
                Collections.unmodifiableMap(refused),
                watchdogReports,
                Collections.unmodifiableMap(errors),
                retries,
                retriesRefused,
                replayFileBytes,
                acceptFailures);
    }
}
