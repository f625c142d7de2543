package dev.lawu.proxy.internal.exchange;

import dev.lawu.benchmarks.SampleHeads;
import dev.lawu.proxy.HttpFilter;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.ProxyHttp;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.internal.loop.LoopContext;
import dev.lawu.proxy.internal.loop.LoopCounters;
import dev.lawu.proxy.spi.ClientListener;
import dev.lawu.proxy.spi.ClientStream;
import dev.lawu.proxy.spi.Connector;
import dev.lawu.proxy.spi.ServerStream;
import dev.lawu.proxy.spi.TimeSource;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerSelection;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * The exchange machine between streams that do nothing: no parser, no encoder, no socket.
 *
 * <p>The thread that calls takes the place of the event loop, which is never started: nothing in an exchange without pending results asks it for anything. What the stubs themselves cost, most of all
 * two heads in recycled sections, is what {@link #stubsAlone} does.
 */
final class StubbedEngine {
    private static final int BODY = 1024;

    private final LoopContext loop;
    private final LoopCounters counters = new LoopCounters();
    private final EngineLoop exchanges;
    private final Client client;
    private final Upstream upstream;
    private final RequestHead request = SampleHeads.request(SampleHeads.BROWSER_REQUEST);
    private final ResponseHead response = SampleHeads.response(SampleHeads.RESPONSE);
    private final ByteBuf body = Unpooled.directBuffer(BODY).writeZero(BODY);

    StubbedEngine(List<HttpFilter<?>> filters) {
        EventLoop events = new DefaultEventLoop();
        HttpProxy.Builder proxy = HttpProxy.builder(new Proxy());
        filters.forEach(proxy::filter);
        loop = new LoopContext(events, TimeSource.SYSTEM, new SplittableRandom(1));
        client = new Client(events);
        upstream = new Upstream(events);
        exchanges = new EngineLoop(new ProxyEngine(proxy.build()), loop, upstream, counters, new CallbackWatch());
    }

    /** A GET with a browser's head, answered from a pooled connection with a head and 1 KiB in one piece. */
    long exchange() {
        exchanges.start(client, request.copyInto(loop.sections().take()), true);
        upstream.answer(response.copyInto(loop.sections().take()), body.retain());
        return client.ended;
    }

    /** The same without the machine: what is to be subtracted. */
    long stubsAlone() {
        RequestHead asked = request.copyInto(loop.sections().take());
        upstream.send(asked, true);
        ResponseHead answered = response.copyInto(loop.sections().take());
        client.respond(answered, false);
        client.write(body.retain(), true);
        loop.sections().retire(answered.headers());
        loop.sections().retire(asked.headers());
        return client.ended;
    }

    /** Checks that every exchange was a whole one. */
    void close() {
        body.release();
        if (counters.exchanges() != 0 || body.refCnt() != 0) {
            throw new IllegalStateException(
                    counters.exchanges() + " exchanges and " + body.refCnt() + " uses of the body go on (expected: 0)");
        }
        if (upstream.ended != client.ended || client.bytes != client.ended * BODY) {
            throw new IllegalStateException(upstream.ended + " requests were sent, " + client.ended
                    + " were answered, with " + client.bytes + " bytes (expected: as many, with " + BODY + " each)");
        }
    }

    private static final class Proxy implements ProxyHttp<@Nullable Void> {
        private final HttpPeer peer = HttpPeer.of("192.0.2.2", 9000);

        @Override
        @SuppressWarnings("NullAway") // its state type is a nullable Void
        public @Nullable Void newContext(Session session) {
            return null;
        }

        @Override
        public PeerSelection upstreamPeer(Session session, UpstreamAttempt attempt, @Nullable Void state) {
            return peer;
        }
    }

    private static final class Client extends StubStream implements ServerStream {
        private final long startNanos = TimeSource.SYSTEM.nanoTime();
        /** Kept, or else the compiler could do without it where there is no machine. */
        @Nullable
        ResponseHead answered;

        Client(EventLoop loop) {
            super(loop, 1);
        }

        @Override
        public void respondInformational(ResponseHead head) {
            throw new AssertionError(head);
        }

        @Override
        public void respond(ResponseHead head, boolean last) {
            if (head.status() != 200) {
                throw new AssertionError(head);
            }
            answered = head;
            end(last);
        }

        @Override
        public void closeAfterResponse() {}

        @Override
        public int requestNumber() {
            return 2;
        }

        @Override
        public long startNanos() {
            return startNanos;
        }
    }

    private static final class Upstream extends StubStream implements ClientStream, Connector {
        private static final Runnable NOTHING_TO_CANCEL = () -> {};

        private @Nullable ClientListener listener;
        /** Kept, or else the compiler could do without it where there is no machine. */
        @Nullable
        RequestHead asked;

        Upstream(EventLoop loop) {
            super(loop, 2);
        }

        @Override
        public Runnable open(HttpPeer peer, Request request) {
            request.onOpen(this, true);
            return NOTHING_TO_CANCEL;
        }

        @Override
        public void listen(ClientListener listener) {
            this.listener = listener;
        }

        @Override
        public void send(RequestHead head, boolean last) {
            asked = head;
            end(last);
        }

        @Override
        public void release() {
            throw new AssertionError("a stream was not used");
        }

        @Override
        public boolean hasResponseBytes() {
            return false;
        }

        void answer(ResponseHead head, ByteBuf body) {
            ClientListener to = listener;
            if (to == null) {
                throw new AssertionError("nobody asked");
            }
            listener = null;
            to.onHead(head, false);
            to.onData(body, true);
        }
    }
}
