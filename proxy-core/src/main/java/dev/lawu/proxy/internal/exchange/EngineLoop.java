package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.http.FieldName;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.internal.loop.LoopContext;
import dev.lawu.proxy.spi.ConnectionInfo;
import dev.lawu.proxy.spi.Connector;
import dev.lawu.proxy.spi.ExchangeStarter;
import dev.lawu.proxy.spi.ServerStream;
import dev.lawu.proxy.spi.StreamListener;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A proxy on one event loop: starts its exchanges there. Confined to the loop. */
public final class EngineLoop implements ExchangeStarter {
    private static final Logger logger = LoggerFactory.getLogger("dev.lawu.proxy.refused");
    // RFC_1123_DATE_TIME would write a one-digit day; RFC 9110, section 5.6.7 wants two.
    private static final DateTimeFormatter IMF_FIXDATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH)
            .withZone(ZoneOffset.UTC);

    final ProxyEngine engine;
    final LoopContext loop;
    final Connector connector;
    final LoopCounters counters;
    final CallbackWatch watch;
    private long dateSecond = Long.MIN_VALUE;
    private String date = "";

    public EngineLoop(
            ProxyEngine engine, LoopContext loop, Connector connector, LoopCounters counters, CallbackWatch watch) {
        this.engine = engine;
        this.loop = loop;
        this.connector = connector;
        this.counters = counters;
        this.watch = watch;
    }

    @Override
    public StreamListener start(ServerStream stream, RequestHead head, boolean last) {
        Exchange exchange = new Exchange(this, stream, head, last);
        exchange.start();
        return exchange;
    }

    void subrequest(Exchange parent, RequestHead head, Consumer<@Nullable ProxyException> ended) {
        DetachedStream stream = new DetachedStream(parent.down, loop);
        Exchange exchange = new Exchange(this, stream, head, true);
        // As a task: the exchange ends behind its response. An error answer is a response, too, so the exchange says
        // how it went.
        stream.whenEnded(cause -> loop.loop().execute(() -> ended.accept(cause == null ? exchange.error() : cause)));
        exchange.start();
    }

    @Override
    public void refused(ConnectionInfo connection, int status, String reason, String detail) {
        counters.refused(reason);
        if (logger.isInfoEnabled()) {
            logger.info("{} answered {} {}: {}", connection.remoteAddress(), status, reason, detail);
        }
    }

    /** Adds a {@code Date} if there is none (RFC 9110, section 6.6.1). */
    void addDate(Headers headers) {
        if (headers.contains(FieldName.DATE)) {
            return;
        }
        long second = Math.floorDiv(loop.time().currentTimeMillis(), 1000);
        if (second != dateSecond) {
            dateSecond = second;
            date = IMF_FIXDATE.format(Instant.ofEpochSecond(second));
        }
        headers.section().append("Date", date);
    }
}
