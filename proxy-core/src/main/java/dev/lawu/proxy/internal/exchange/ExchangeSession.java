package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.AttributeKey;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ResponseSource;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.Timings;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.spi.ExchangeControl;
import dev.lawu.proxy.spi.StreamListener;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.IdentityHashMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What the outside has of an exchange: users a {@link Session}, the client's adapter a {@link StreamListener}, an interceptor an {@link ExchangeControl}. It is made for each request and may outlive it
 * in their hands, so it lets go at the end; then what an adapter tells is dropped, and what a user asks is an error.
 */
final class ExchangeSession implements Session, StreamListener, ExchangeControl {
    private @Nullable Exchange exchange;
    private @Nullable IdentityHashMap<AttributeKey<?>, Object> attributes;

    ExchangeSession(Exchange exchange) {
        this.exchange = exchange;
    }

    void end() {
        exchange = null;
        attributes = null;
    }

    private Exchange live() {
        Exchange e = exchange;
        if (e == null) {
            throw new IllegalStateException("this session has ended (expected: use until logging returns)");
        }
        return e;
    }

    @Override
    public RequestHead request() {
        return live().request;
    }

    @Override
    public @Nullable ResponseHead response() {
        return live().response.head();
    }

    @Override
    public @Nullable ResponseSource responseSource() {
        return live().response.source();
    }

    @Override
    public @Nullable InetSocketAddress clientAddress() {
        Exchange e = live();
        return e.client.clientAddress(e.request);
    }

    @Override
    public @Nullable SocketAddress remoteAddress() {
        return live().down.connection().remoteAddress();
    }

    @Override
    public @Nullable SocketAddress localAddress() {
        return live().down.connection().localAddress();
    }

    @Override
    public String scheme() {
        Exchange e = live();
        return e.client.scheme(e.request);
    }

    @Override
    public long connectionNumber() {
        return live().down.connection().number();
    }

    @Override
    public int requestNumber() {
        return live().down.requestNumber();
    }

    @Override
    public Timings timings() {
        Exchange e = live();
        Attempt a = e.attempts.current();
        return new Timings(
                since(e, e.headReadAt),
                since(e, e.requestEndAt),
                a == null ? -1 : since(e, a.chosenAt),
                a == null ? -1 : since(e, a.connectedAt),
                a == null ? -1 : since(e, a.headAt),
                since(e, e.responseHeadAt),
                since(e, e.responseEndAt));
    }

    private static long since(Exchange e, long moment) {
        return moment == 0 ? -1 : moment - e.startedAt;
    }

    @Override
    public @Nullable UpstreamAttempt attempt() {
        return live().attempts.current();
    }

    @Override
    public long requestBodyBytes() {
        RequestBody body = live().body;
        return body == null ? 0 : body.received();
    }

    @Override
    public long responseBodyBytes() {
        return live().response.sentBytes();
    }

    @Override
    public @Nullable ProxyException error() {
        return live().error();
    }

    @Override
    @SuppressWarnings("unchecked") // only attribute(key, value) puts values in
    public <T> @Nullable T attribute(AttributeKey<T> key) {
        live();
        return attributes == null ? null : (T) attributes.get(key);
    }

    @Override
    public <T> void attribute(AttributeKey<T> key, @Nullable T value) {
        live();
        if (value == null) {
            if (attributes != null) {
                attributes.remove(key);
            }
            return;
        }
        if (attributes == null) {
            attributes = new IdentityHashMap<>(4);
        }
        attributes.put(key, value);
    }

    @Override
    public CompletionStage<byte[]> bufferRequestBody(int limit) {
        if (limit < 1 || limit > 1 << 30) {
            throw new IllegalArgumentException("limit: " + limit + " (expected: 1..1073741824)");
        }
        Exchange e = live();
        if (!e.loop.loop().inEventLoop()) {
            throw new IllegalStateException(
                    "bufferRequestBody: called on " + Thread.currentThread().getName()
                            + " (expected: the session's event loop, before the blocking callable is given back)");
        }
        RequestBody body = e.body;
        if (body == null) {
            return CompletableFuture.completedStage(new byte[0]);
        }
        e.sendContinue();
        return body.collect(limit);
    }

    @Override
    public void allowReplay() {
        live().attempts.allowReplay();
    }

    @Override
    public Executor executor() {
        return live().loop.loop();
    }

    @Override
    public boolean isEnded() {
        return exchange == null;
    }

    // ---- for the adapter

    @Override
    public void onData(ByteBuf data, boolean last) {
        Exchange e = exchange;
        if (e == null) {
            data.release();
        } else {
            e.onData(data, last);
        }
    }

    @Override
    public void onTrailers(Headers trailers) {
        Exchange e = exchange;
        if (e != null) {
            e.onTrailers(trailers);
        }
    }

    @Override
    public void onWritable() {
        Exchange e = exchange;
        if (e != null) {
            e.onWritable();
        }
    }

    @Override
    public void onReset(ProxyException cause) {
        Exchange e = exchange;
        if (e != null) {
            e.onReset(cause);
        }
    }

    // ---- for an interceptor

    @Override
    public void subrequest(RequestHead head, Consumer<@Nullable ProxyException> ended) {
        Exchange e = live();
        e.engineLoop.subrequest(e.down, head, ended);
    }

    @Override
    public String toString() {
        Exchange e = exchange;
        return e == null ? "Session(ended)" : "Session(" + e.request + ")";
    }
}
