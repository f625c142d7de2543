package dev.lawu.examples;

import dev.lawu.proxy.ChunkResult;
import dev.lawu.proxy.HttpFilter;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.http.Chunk;
import dev.lawu.proxy.upstream.HttpPeer;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Lets each response through at no more than so many bytes a second. A chunk waits until the bytes before it have had their time; while it waits nothing more is read from the origin, so that a
 * slow download costs no memory.
 */
public final class LimitBandwidth implements HttpFilter<LimitBandwidth.Pace> {
    private static final Duration LONGEST = Duration.ofMinutes(1);

    private final long bytesPerSecond;
    private final LongSupplier nanoTime;

    /**
     * Limits responses.
     *
     * @param bytesPerSecond at least 1
     * @param nanoTime a clock that only goes forward: {@code System::nanoTime}
     */
    public LimitBandwidth(long bytesPerSecond, LongSupplier nanoTime) {
        if (bytesPerSecond < 1) {
            throw new IllegalArgumentException("bytesPerSecond: " + bytesPerSecond + " (expected: >= 1)");
        }
        this.bytesPerSecond = bytesPerSecond;
        this.nanoTime = nanoTime;
    }

    /** The state of a request: when the next chunk may go. */
    static final class Pace {
        private long nextNanos;
        private boolean hasBegun;
    }

    @Override
    public Pace newContext(Session session) {
        return new Pace();
    }

    @Override
    public ChunkResult responseBodyFilter(Session session, Chunk chunk, Pace pace) {
        long now = nanoTime.getAsLong();
        if (!pace.hasBegun || now - pace.nextNanos > 0) {
            // Time in which the origin sent nothing is not saved up for a burst.
            pace.hasBegun = true;
            pace.nextNanos = now;
        }
        long wait = pace.nextNanos - now;
        pace.nextNanos += (long) (chunk.length() * 1e9 / bytesPerSecond);
        if (wait == 0) {
            return ChunkResult.forward();
        }
        Duration delay = Duration.ofNanos(wait);
        return ChunkResult.delay(delay.compareTo(LONGEST) > 0 ? LONGEST : delay);
    }

    @Override
    public boolean preservesLength() {
        return true;
    }

    /** Proxies 127.0.0.1:8080 to the peer that is named, {@code HOST:PORT}, at 100 KiB a second for each response, until it is killed. */
    public static void main(String... arguments) throws InterruptedException {
        HttpPeer app = HttpPeer.parse(arguments.length > 0 ? arguments[0] : "127.0.0.1:9000");
        HttpProxy proxy = HttpProxy.builder(new HelloProxy(app))
                .filter(new LimitBandwidth(100 * 1024, System::nanoTime))
                .build();
        ProxyServer server =
                ProxyServer.builder(proxy).listen("127.0.0.1", 8080).start();
        System.out.println("listening on " + server.address());
        Thread.currentThread().join();
    }
}
