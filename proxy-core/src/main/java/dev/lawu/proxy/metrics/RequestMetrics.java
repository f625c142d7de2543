package dev.lawu.proxy.metrics;

import dev.lawu.proxy.ErrorSource;
import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.HttpFilter;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.Timings;
import dev.lawu.proxy.http.HttpVersion;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * What requests come to, as meters: a filter for {@code HttpProxy.Builder.filter}. It implements {@code logging} alone.
 *
 * <table>
 * <caption>Meters</caption>
 * <tr><th>name</th><th>kind</th><th>tells</th></tr>
 * <tr><td>{@code lawu.requests}</td><td>timer, {@code method}: GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH, OTHER; {@code status}: 1xx to 5xx, or {@code none} if no response was sent;
 * {@code protocol}: HTTP/1.1 ...</td><td>requests that have ended, and how long they took, from the first byte of the request to the last of the response; to the last step that was reached, if they broke
 * off</td></tr>
 * <tr><td>{@code lawu.request.phase}</td><td>timer, {@code phase}: {@code head} (until the request head was complete), {@code peer} (from there until the last attempt's peer was chosen), {@code connect}
 * (until it had a connection), {@code upstream} (until its response head), {@code response} (from the client's response head to the response's last byte)</td><td>where the time went</td></tr>
 * <tr><td>{@code lawu.request.bytes}, {@code lawu.response.bytes}</td><td>counters, bytes</td><td>bodies, received from and given to clients</td></tr>
 * <tr><td>{@code lawu.retries}</td><td>counter</td><td>attempts after the first</td></tr>
 * <tr><td>{@code lawu.errors}</td><td>counter, {@code type}: {@link ErrorType}; {@code source}: {@link ErrorSource}, in small letters</td><td>requests that failed</td></tr>
 * </table>
 *
 * <p>Every tag has a fixed set of values. A meter is made when it is first needed. Thread-safe.
 */
public final class RequestMetrics implements HttpFilter<RequestMetrics> {
    private static final List<String> METHODS =
            List.of("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH");
    private static final int STATUSES = 6;
    private static final HttpVersion[] VERSIONS = HttpVersion.values();
    private static final ErrorType[] TYPES = ErrorType.values();
    private static final ErrorSource[] SOURCES = ErrorSource.values();

    private final MeterRegistry registry;
    private final AtomicReferenceArray<@Nullable Timer> requests =
            new AtomicReferenceArray<>((METHODS.size() + 1) * STATUSES * VERSIONS.length);
    private final AtomicReferenceArray<@Nullable Counter> errors =
            new AtomicReferenceArray<>(TYPES.length * SOURCES.length);
    private final Timer head;
    private final Timer peer;
    private final Timer connect;
    private final Timer upstream;
    private final Timer response;
    private final Counter requestBytes;
    private final Counter responseBytes;
    private final Counter retries;

    /** Keeps its meters in this registry. */
    public RequestMetrics(MeterRegistry registry) {
        this.registry = registry;
        head = registry.timer("lawu.request.phase", "phase", "head");
        peer = registry.timer("lawu.request.phase", "phase", "peer");
        connect = registry.timer("lawu.request.phase", "phase", "connect");
        upstream = registry.timer("lawu.request.phase", "phase", "upstream");
        response = registry.timer("lawu.request.phase", "phase", "response");
        requestBytes = Counter.builder("lawu.request.bytes").baseUnit("bytes").register(registry);
        responseBytes = Counter.builder("lawu.response.bytes").baseUnit("bytes").register(registry);
        retries = registry.counter("lawu.retries");
    }

    @Override
    public RequestMetrics newContext(Session session) {
        return this;
    }

    @Override
    public void logging(Session session, @Nullable ProxyException error, RequestMetrics state) {
        Timings at = session.timings();
        request(session).record(end(at), TimeUnit.NANOSECONDS);
        phase(head, 0, at.requestHead());
        phase(peer, at.requestHead(), at.peerChosen());
        phase(connect, at.peerChosen(), at.connected());
        phase(upstream, at.connected(), at.upstreamHead());
        phase(response, at.responseHead(), at.responseEnd());
        requestBytes.increment((double) session.requestBodyBytes());
        responseBytes.increment((double) session.responseBodyBytes());
        UpstreamAttempt last = session.attempt();
        if (last != null && last.number() > 1) {
            retries.increment((double) last.number() - 1);
        }
        if (error != null) {
            error(error).increment();
        }
    }

    private static void phase(Timer timer, long from, long to) {
        if (from >= 0 && to >= from) {
            timer.record(to - from, TimeUnit.NANOSECONDS);
        }
    }

    /** The last thing that happened. */
    private static long end(Timings at) {
        long last = Math.max(Math.max(at.requestHead(), at.requestEnd()), Math.max(at.peerChosen(), at.connected()));
        return Math.max(Math.max(last, 0), Math.max(at.upstreamHead(), Math.max(at.responseHead(), at.responseEnd())));
    }

    private Timer request(Session session) {
        int method = METHODS.indexOf(session.request().method());
        if (method < 0) {
            method = METHODS.size();
        }
        ResponseHead sent = session.response();
        // A head that nobody was given is none.
        int status = sent == null || session.timings().responseHead() < 0 ? 0 : sent.status() / 100;
        if (status >= STATUSES) {
            status = 0;
        }
        HttpVersion version = session.request().version();
        int index = (method * STATUSES + status) * VERSIONS.length + version.ordinal();
        Timer known = requests.get(index);
        if (known == null) {
            known = registry.timer(
                    "lawu.requests",
                    "method",
                    method < METHODS.size() ? METHODS.get(method) : "OTHER",
                    "status",
                    status == 0 ? "none" : status + "xx",
                    "protocol",
                    version.toString());
            requests.set(index, known); // the registry gives the same one to all who ask
        }
        return known;
    }

    private Counter error(ProxyException error) {
        int index = error.type().ordinal() * SOURCES.length + error.source().ordinal();
        Counter known = errors.get(index);
        if (known == null) {
            known = registry.counter("lawu.errors", "type", text(error.type()), "source", text(error.source()));
            errors.set(index, known);
        }
        return known;
    }

    private static String text(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
