package dev.lawu.proxy.internal.transport;

import dev.lawu.proxy.spi.TimeSource;
import dev.lawu.proxy.upstream.NameOptions;
import dev.lawu.proxy.upstream.NameResolver;
import dev.lawu.proxy.upstream.ResolvedAddresses;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The answers of a server's name resolver, shared by its event loops, each of which asks through a {@linkplain #on view} of its own. Thread-safe.
 *
 * <p>A name is in one of these states:
 *
 * <pre>
 *   FRESH    an answer within its time to live: given at once; in the last fifth of the time it is also looked up
 *   STALE    an answer past its time, but not past the stale time: looked up; given when that fails, or takes longer than {@value #STALE_WAIT_MILLIS} ms
 *   FAILED   no answer, and the failure is young: given at once
 *   UNKNOWN  looked up
 * </pre>
 *
 * <p>There is one lookup of a name at a time, and everybody waits for it. It is made by the loop that came first, which may hang: so other loops wait {@value #JOIN_WAIT_MILLIS} ms, then make their
 * own. A resolver of the user's may never answer: a lookup of 5 s is given up by whoever comes next.
 */
public final class NameCache {
    private static final Logger logger = LoggerFactory.getLogger("dev.lawu.proxy.names");

    private static final long STALE_WAIT_MILLIS = 1000;
    private static final long STALE_WAIT = TimeUnit.MILLISECONDS.toNanos(STALE_WAIT_MILLIS);
    private static final long JOIN_WAIT_MILLIS = 1000;
    private static final long LOOKUP_LIMIT = TimeUnit.SECONDS.toNanos(5);
    /** How long a failed lookup is not repeated while there is a stale answer. */
    private static final long STALE_RETRY = TimeUnit.SECONDS.toNanos(5);
    /** How long it is remembered, at most, that no name server answered. */
    private static final long SILENCE = TimeUnit.SECONDS.toNanos(1);

    private final TimeSource time;
    private final int maxNames;
    private final long minTtl;
    private final long maxTtl;
    private final long negativeTtl;
    private final long staleTtl;
    private final boolean rotate;
    /** In the order of use. Guarded by itself, as are the entries' fields. */
    private final LinkedHashMap<String, KnownName> names = new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, KnownName> eldest) {
            return size() > maxNames;
        }
    };

    /**
     * Makes an empty cache.
     *
     * @param ordered true for a resolver of the user's: its order is kept, and its failures are not; false for DNS, whose addresses are rotated, as name servers do, so that connections spread
     */
    public NameCache(NameOptions options, TimeSource time, boolean ordered) {
        this.time = time;
        this.maxNames = options.maxNames();
        this.minTtl = options.minTimeToLive().toNanos();
        this.maxTtl = options.maxTimeToLive().toNanos();
        this.negativeTtl = ordered ? 0 : options.negativeTimeToLive().toNanos();
        this.staleTtl = options.staleTimeToLive().toNanos();
        this.rotate = !ordered;
    }

    /** What is known of a name. */
    private static final class KnownName {
        @Nullable
        ResolvedAddresses answer;

        long refreshAt;
        long expiresAt;
        long staleUntil;
        int turn;

        @Nullable
        Throwable failure;

        long failureUntil;

        @Nullable
        CompletableFuture<ResolvedAddresses> lookup;

        long lookupSince;

        @Nullable
        EventLoop lookupBy;
    }

    /** This cache, filled by this source. The loop only lends its timer: answers may complete on any thread. */
    public NameResolver on(EventLoop loop, NameResolver source) {
        return host -> resolve(host, source, loop);
    }

    private CompletionStage<ResolvedAddresses> resolve(String host, NameResolver source, EventLoop loop) {
        String name = host.toLowerCase(Locale.ROOT);
        CompletableFuture<ResolvedAddresses> begun = null;
        CompletionStage<ResolvedAddresses> result;
        ResolvedAddresses stale = null;
        CompletableFuture<ResolvedAddresses> joined = null;
        KnownName entry;
        synchronized (names) {
            long now = time.nanoTime();
            entry = names.computeIfAbsent(name, key -> new KnownName());
            ResolvedAddresses answer = entry.answer;
            CompletableFuture<ResolvedAddresses> running = entry.lookup;
            boolean given = running != null && now - entry.lookupSince < LOOKUP_LIMIT;
            boolean recently = entry.failure != null && now - entry.failureUntil < 0;
            if (answer != null && now - entry.expiresAt < 0) {
                begun = !given && now - entry.refreshAt >= 0 ? begin(entry, now, loop) : null;
                result = CompletableFuture.completedFuture(next(entry, answer));
            } else {
                boolean usable = answer != null && now - entry.staleUntil < 0;
                boolean waited = given && now - entry.lookupSince >= STALE_WAIT;
                if (usable && (recently || waited)) {
                    result = CompletableFuture.completedFuture(next(entry, Objects.requireNonNull(answer)));
                } else if (recently) {
                    result = CompletableFuture.failedFuture(Objects.requireNonNull(entry.failure));
                } else {
                    begun = given ? null : begin(entry, now, loop);
                    joined = given && entry.lookupBy != loop ? running : null;
                    result = Objects.requireNonNull(entry.lookup);
                    stale = usable ? next(entry, Objects.requireNonNull(answer)) : null;
                }
            }
        }
        if (begun != null) {
            lookUp(name, entry, begun, host, source);
        }
        if (stale != null) {
            ResolvedAddresses last = stale;
            return orLater(result, loop, STALE_WAIT_MILLIS, () -> CompletableFuture.completedFuture(last));
        }
        if (joined != null) {
            CompletableFuture<ResolvedAddresses> others = joined;
            return orLater(result, loop, JOIN_WAIT_MILLIS, () -> {
                synchronized (names) {
                    if (entry.lookup == others) {
                        entry.lookup = null; // whose loop hangs, it seems
                    }
                }
                return resolve(host, source, loop);
            });
        }
        return result;
    }

    private static CompletableFuture<ResolvedAddresses> begin(KnownName entry, long now, EventLoop loop) {
        CompletableFuture<ResolvedAddresses> lookup = new CompletableFuture<>();
        entry.lookup = lookup;
        entry.lookupSince = now;
        entry.lookupBy = loop;
        return lookup;
    }

    /** What the lookup finds, or, if that takes this long, what is found instead, if that comes first. */
    private static CompletionStage<ResolvedAddresses> orLater(
            CompletionStage<ResolvedAddresses> lookup,
            EventLoop loop,
            long millis,
            Supplier<CompletionStage<ResolvedAddresses>> instead) {
        CompletableFuture<ResolvedAddresses> first = new CompletableFuture<>();
        var timer = loop.schedule(() -> complete(first, instead.get()), millis, TimeUnit.MILLISECONDS);
        first.whenComplete((found, failure) -> timer.cancel(false));
        complete(first, lookup);
        return first;
    }

    private static void complete(CompletableFuture<ResolvedAddresses> first, CompletionStage<ResolvedAddresses> with) {
        with.whenComplete((found, failure) -> {
            if (found != null) {
                first.complete(found);
            } else {
                first.completeExceptionally(Objects.requireNonNull(failure));
            }
        });
    }

    private void lookUp(
            String name,
            KnownName entry,
            CompletableFuture<ResolvedAddresses> lookup,
            String host,
            NameResolver source) {
        CompletionStage<ResolvedAddresses> found;
        try {
            found = Objects.requireNonNull(source.resolve(host), "the resolver's result");
        } catch (RuntimeException e) {
            found = CompletableFuture.failedFuture(e);
        }
        found.whenComplete((answer, failure) -> {
            if (answer != null) {
                lookup.complete(found(name, entry, lookup, answer));
            } else {
                failed(name, entry, lookup, reason(host, failure));
            }
        });
    }

    private static Throwable reason(String host, @Nullable Throwable failure) {
        if (failure == null) {
            return new IOException(host + ": null from the resolver (expected: addresses)");
        }
        Throwable cause = failure.getCause();
        return failure instanceof CompletionException && cause != null ? cause : failure;
    }

    private ResolvedAddresses found(
            String name, KnownName entry, CompletableFuture<ResolvedAddresses> lookup, ResolvedAddresses answer) {
        synchronized (names) {
            long now = time.nanoTime();
            boolean givenUp = entry.lookup != lookup;
            if (!givenUp) {
                entry.lookup = null;
            } else if (entry.answer != null && now - entry.expiresAt < 0) {
                return answer; // what is known is from a later lookup
            }
            Duration given = answer.timeToLive();
            if (given.isZero()) {
                if (!givenUp) {
                    names.remove(name, entry);
                }
                return answer;
            }
            entry.failure = null;
            long ttl = given.compareTo(Duration.ofNanos(maxTtl)) > 0 ? maxTtl : Math.max(given.toNanos(), minTtl);
            entry.answer = answer;
            entry.expiresAt = now + ttl;
            entry.refreshAt = now + ttl - ttl / 5;
            entry.staleUntil = now + ttl + staleTtl;
            return next(entry, answer);
        }
    }

    private void failed(String name, KnownName entry, CompletableFuture<ResolvedAddresses> lookup, Throwable failure) {
        ResolvedAddresses instead = null;
        synchronized (names) {
            long now = time.nanoTime();
            boolean gone = failure instanceof UnknownHostException;
            if (entry.lookup != lookup) {
                // It was given up, and its failure is only theirs who still wait for it.
                lookup.completeExceptionally(failure);
                return;
            }
            entry.lookup = null;
            if (gone) {
                entry.answer = null;
            }
            ResolvedAddresses answer = entry.answer;
            if (answer != null && now - entry.staleUntil < 0) {
                instead = next(entry, answer);
                entry.failure = failure;
                entry.failureUntil = now + STALE_RETRY;
                entry.refreshAt = now + STALE_RETRY;
            } else if (negativeTtl > 0) {
                entry.answer = null;
                entry.failure = failure;
                entry.failureUntil = now + (gone ? negativeTtl : Math.min(negativeTtl, SILENCE));
            } else {
                names.remove(name, entry);
            }
        }
        if (instead == null) {
            lookup.completeExceptionally(failure);
        } else {
            logger.warn("{} could not be resolved, its last addresses are used on: {}", name, failure.toString());
            lookup.complete(instead);
        }
    }

    /** The answer, rotated within each family by one more place than for the last caller. */
    private ResolvedAddresses next(KnownName entry, ResolvedAddresses answer) {
        List<InetAddress> all = answer.addresses();
        if (!rotate || all.size() == 1) {
            return answer;
        }
        int turn = entry.turn++ & 0xFFFF;
        List<InetAddress> rotated = new ArrayList<>(all.size());
        for (int start = 0, end; start < all.size(); start = end) {
            end = start;
            while (end < all.size() && all.get(end).getClass() == all.get(start).getClass()) {
                end++;
            }
            for (int i = 0; i < end - start; i++) {
                rotated.add(all.get(start + (i + turn) % (end - start)));
            }
        }
        return ResolvedAddresses.of(rotated).withTimeToLive(answer.timeToLive());
    }
}
