package dev.lawu.proxy.internal.loop;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** What one event loop counts. Written by its loop alone, read by any thread. */
public final class LoopCounters {
    private final AtomicLong exchanges = new AtomicLong();
    private final AtomicLong requests = new AtomicLong();
    private final AtomicLong upstreamActive = new AtomicLong();
    private final AtomicLong upstreamIdle = new AtomicLong();
    private final AtomicLong upstreamWaiting = new AtomicLong();
    private final AtomicLong upstreamConnects = new AtomicLong();
    private final AtomicLong upstreamReuses = new AtomicLong();
    private final AtomicLong upstreamTakeovers = new AtomicLong();
    private final AtomicLong upstreamWaitTimeouts = new AtomicLong();
    private final Map<String, LongAdder> upstreamClosed = new ConcurrentHashMap<>();
    private final Map<String, LongAdder> refused = new ConcurrentHashMap<>();
    private @Nullable Runnable ended; // used by the loop alone

    private static void add(AtomicLong counter, long difference) {
        counter.lazySet(counter.getPlain() + difference); // the loop is the only writer
    }

    /** A request is being worked on. */
    public void exchangeStarted() {
        add(exchanges, 1);
        add(requests, 1);
    }

    /** A request is done. */
    public void exchangeEnded() {
        add(exchanges, -1);
        Runnable told = ended;
        if (told != null) {
            told.run();
        }
    }

    /** From now on tells each end of an exchange, on the loop, within a call of the machine. */
    public void tellEnds(Runnable told) {
        ended = told;
    }

    /** A message was refused; the reasons are few and fixed. */
    public void refused(String reason) {
        refused.computeIfAbsent(reason, r -> new LongAdder()).increment();
    }

    /** An upstream connection is in use, or being made (+1), or not any more (-1). */
    public void upstreamActive(int difference) {
        add(upstreamActive, difference);
    }

    /** An upstream connection is in the pool (+1), or not any more (-1). */
    public void upstreamIdle(int difference) {
        add(upstreamIdle, difference);
    }

    /** An upstream connection was made. */
    public void upstreamConnected() {
        add(upstreamConnects, 1);
    }

    /** A request waits for an upstream connection to become free (+1), or not any more (-1). */
    public void upstreamWaiting(int difference) {
        add(upstreamWaiting, difference);
    }

    /** A request went on a connection of this loop's pool. */
    public void upstreamReused() {
        add(upstreamReuses, 1);
    }

    /** A connection was taken over from another loop. */
    public void upstreamTakenOver() {
        add(upstreamTakeovers, 1);
    }

    /** A request waited too long for an upstream connection to become free. */
    public void upstreamWaitTimedOut() {
        add(upstreamWaitTimeouts, 1);
    }

    /** An upstream connection was closed; the reasons are few and fixed. May be called by any thread. */
    public void upstreamClosed(String reason) {
        upstreamClosed.computeIfAbsent(reason, r -> new LongAdder()).increment();
    }

    /** Requests that are being worked on. */
    public long exchanges() {
        return exchanges.get();
    }

    /** Requests since the start. */
    public long requests() {
        return requests.get();
    }

    /** Upstream connections in use or being made. */
    public long upstreamActive() {
        return upstreamActive.get();
    }

    /** Upstream connections in the pool. */
    public long upstreamIdle() {
        return upstreamIdle.get();
    }

    /** Upstream connections made since the start. */
    public long upstreamConnects() {
        return upstreamConnects.get();
    }

    /** Requests that wait for an upstream connection. */
    public long upstreamWaiting() {
        return upstreamWaiting.get();
    }

    /** Requests that went on a connection of this loop's pool since the start. */
    public long upstreamReuses() {
        return upstreamReuses.get();
    }

    /** Connections taken over from other loops since the start. */
    public long upstreamTakeovers() {
        return upstreamTakeovers.get();
    }

    /** Requests that waited too long for a connection since the start. */
    public long upstreamWaitTimeouts() {
        return upstreamWaitTimeouts.get();
    }

    /** Adds the connections that were closed to these totals. */
    public void addClosedTo(Map<String, Long> totals) {
        upstreamClosed.forEach((reason, count) -> totals.merge(reason, count.sum(), Long::sum));
    }

    /** Adds what was refused to these totals. */
    public void addRefusedTo(Map<String, Long> totals) {
        refused.forEach((reason, count) -> totals.merge(reason, count.sum(), Long::sum));
    }
}
