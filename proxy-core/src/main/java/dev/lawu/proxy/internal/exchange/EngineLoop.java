package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.http.FieldName;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.internal.loop.Flushable;
import dev.lawu.proxy.internal.loop.LoopContext;
import dev.lawu.proxy.internal.loop.LoopCounters;
import dev.lawu.proxy.spi.ConnectionInfo;
import dev.lawu.proxy.spi.Connector;
import dev.lawu.proxy.spi.ExchangeStarter;
import dev.lawu.proxy.spi.ServerStream;
import dev.lawu.proxy.spi.StreamListener;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A proxy on one event loop: starts its exchanges there. Confined to the loop. */
public final class EngineLoop implements ExchangeStarter, Flushable {
    private static final Logger logger = LoggerFactory.getLogger("dev.lawu.proxy.refused");

    private static final int MOST_IDLE = 256;

    final ProxyEngine engine;
    final LoopContext loop;
    final Connector connector;
    final LoopCounters counters;
    final CallbackWatch watch;
    private final ArrayDeque<Exchange> idle = new ArrayDeque<>();
    private final List<Exchange> justEnded = new ArrayList<>();

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
        Exchange exchange = take();
        ExchangeSession session = exchange.begin(stream, head, last);
        start(exchange);
        return session;
    }

    void subrequest(ServerStream parent, RequestHead head, Consumer<@Nullable ProxyException> ended) {
        DetachedStream stream = new DetachedStream(parent, loop);
        Exchange exchange = take();
        exchange.begin(stream, head, true);
        // An error answer is a response, too, so the exchange says how it went. It ends behind its response, so that is
        // told as a task.
        stream.whenEnded(cause -> {
            ProxyException error = cause == null ? exchange.error() : cause;
            loop.loop().execute(() -> ended.accept(error));
        });
        start(exchange);
    }

    private static void start(Exchange exchange) {
        try {
            exchange.start();
        } catch (RuntimeException | Error e) {
            // Callbacks' failures are caught where they are called: this is a bug, which must not leave a client
            // waiting.
            exchange.fail(ProxyException.internal(ErrorType.INTERNAL, "the engine failed: " + e, e));
        }
    }

    private Exchange take() {
        Exchange exchange = idle.pollLast();
        return exchange != null ? exchange : new Exchange(this);
    }

    /** This exchange may carry another request once the present turn of the loop is over: its frames may still be on the stack. */
    void giveBack(Exchange exchange) {
        if (justEnded.isEmpty()) {
            loop.flusher().add(this);
        }
        justEnded.add(exchange);
    }

    /** The turn is over. */
    @Override
    public void flush() {
        for (int i = 0; i < justEnded.size() && idle.size() < MOST_IDLE; i++) {
            idle.addLast(justEnded.get(i));
        }
        justEnded.clear();
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
        headers.section().append(FieldName.DATE, loop.date().now());
    }
}
