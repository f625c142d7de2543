package dev.lawu.examples.gateway;

import dev.lawu.proxy.ErrorSource;
import dev.lawu.proxy.HttpFilter;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.Timings;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Objects;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a line for each request to the logger {@code access}: the combined format, then the upstream and times in seconds. Thread-safe.
 *
 * <pre>
 * 127.0.0.1 - - [22/Nov/2026:10:15:30 +0000] "GET /a HTTP/1.1" 200 612 "-" "curl/8.5.0" upstream=127.0.0.1:9000 attempts=1 time=0.004 connect=0.001 head=0.003 error=-
 * </pre>
 *
 * <p>The status is 499 if the client left before it got a response head. Quotes, backslashes, controls and all beyond ASCII are written as {@code \xHH}, so that no client can end a field or begin a
 * line.
 */
final class AccessLog implements HttpFilter<Long> {
    private static final Logger LOG = LoggerFactory.getLogger("access");
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss Z", Locale.ROOT);

    private final Clock clock;
    private final LongSupplier nanoTime;
    private volatile Second second = new Second(Long.MIN_VALUE, "");

    /**
     * A log of its own.
     *
     * @param clock the time of day, in the zone of the lines
     * @param nanoTime a clock that only goes forward
     */
    AccessLog(Clock clock, LongSupplier nanoTime) {
        this.clock = clock;
        this.nanoTime = nanoTime;
    }

    /** The state of a request: when its head was there. */
    @Override
    public Long newContext(Session session) {
        return nanoTime.getAsLong();
    }

    @Override
    public void logging(Session session, @Nullable ProxyException error, Long start) {
        if (LOG.isInfoEnabled()) {
            LOG.info(line(session, error, start));
        }
    }

    String line(Session session, @Nullable ProxyException error, long start) {
        RequestHead request = session.request();
        ResponseHead response = session.response();
        Headers headers = request.headers();
        StringBuilder line = new StringBuilder(256);
        InetSocketAddress client = session.clientAddress();
        line.append(
                client == null
                        ? "-"
                        : client.getAddress() == null
                                ? client.getHostString()
                                : client.getAddress().getHostAddress());
        line.append(" - - [").append(time()).append("] \"");
        escape(line, request.method());
        line.append(' ');
        escape(line, request.target());
        line.append(' ').append(request.version().text()).append("\" ");
        line.append(response == null ? 499 : response.status()).append(' ');
        line.append(session.responseBodyBytes()).append(" \"");
        escape(line, Objects.requireNonNullElse(headers.get("Referer"), "-"));
        line.append("\" \"");
        escape(line, Objects.requireNonNullElse(headers.get("User-Agent"), "-"));
        line.append("\" upstream=");
        UpstreamAttempt attempt = session.attempt();
        Timings timings = session.timings();
        // A response that was broken off has no end.
        long time = timings.responseEnd() >= 0
                ? timings.responseEnd()
                : Math.max(0, timings.requestHead()) + nanoTime.getAsLong() - start;
        if (attempt == null) {
            line.append("- attempts=0 time=");
            seconds(line, time);
            line.append(" connect=- head=-");
        } else {
            line.append(attempt.peer() == null ? "-" : attempt.peer().toString());
            line.append(" attempts=").append(attempt.number()).append(" time=");
            seconds(line, time);
            line.append(" connect=");
            seconds(line, attempt.connectNanos());
            line.append(" head=");
            seconds(line, attempt.responseHeadNanos());
        }
        line.append(" error=");
        if (error == null) {
            line.append('-');
        } else {
            line.append(source(error.source())).append(':').append(error.type());
        }
        return line.toString();
    }

    private static String source(ErrorSource source) {
        return switch (source) {
            case DOWNSTREAM -> "downstream";
            case UPSTREAM -> "upstream";
            case INTERNAL -> "internal";
        };
    }

    /** Nanoseconds as seconds with three decimals; {@code -} for what has not happened. */
    private static void seconds(StringBuilder line, long nanos) {
        if (nanos < 0) {
            line.append('-');
            return;
        }
        long millis = (nanos + 500_000) / 1_000_000;
        line.append(millis / 1000).append('.');
        long rest = millis % 1000;
        if (rest < 100) {
            line.append(rest < 10 ? "00" : "0");
        }
        line.append(rest);
    }

    static void escape(StringBuilder line, String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= ' ' && c < 0x7F && c != '"' && c != '\\') {
                line.append(c);
            } else {
                line.append("\\x").append(Character.forDigit(c >> 4 & 0xF, 16)).append(Character.forDigit(c & 0xF, 16));
            }
        }
    }

    /** The time of day, which is put into words once a second. */
    private String time() {
        long now = Math.floorDiv(clock.millis(), 1000L);
        Second last = second;
        if (last.epochSecond != now) {
            last = new Second(now, TIME.format(Instant.ofEpochSecond(now).atZone(clock.getZone())));
            second = last;
        }
        return last.text;
    }

    private record Second(long epochSecond, String text) {}
}
