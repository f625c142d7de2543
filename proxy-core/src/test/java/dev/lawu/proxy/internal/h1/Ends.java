package dev.lawu.proxy.internal.h1;

import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.internal.loop.LoopContext;
import dev.lawu.proxy.spi.ClientListener;
import dev.lawu.proxy.spi.ConnectionInfo;
import dev.lawu.proxy.spi.ExchangeStarter;
import dev.lawu.proxy.spi.ServerStream;
import dev.lawu.proxy.spi.StreamListener;
import dev.lawu.proxy.spi.TimeSource;
import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A connection on an embedded channel: what is put in comes from the other side, what it sends is read as text. Time passes only when told to. */
class Ends implements TimeSource {
    final EmbeddedChannel channel = new EmbeddedChannel();
    final LoopContext loop;
    /** What was told, one word or line each. */
    final List<String> told = new ArrayList<>();

    Consumer<String> onTold = event -> {};
    private long nanos;

    private static final List<Ends> ALL = new ArrayList<>();

    static void releaseAll() {
        for (Ends end : ALL) {
            end.channel.close();
            end.out();
        }
        ALL.clear();
    }

    Ends() {
        ALL.add(this);
        loop = new LoopContext(channel.eventLoop(), this, new Random(1));
    }

    @Override
    public long nanoTime() {
        return nanos;
    }

    @Override
    public long currentTimeMillis() {
        return 784_111_777_000L + nanos / 1_000_000;
    }

    void in(String raw) {
        channel.pipeline().fireChannelRead(Raw.bytes(raw)).fireChannelReadComplete();
        turn();
    }

    void fin() {
        channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        turn();
    }

    void turn() {
        channel.runPendingTasks();
    }

    void pass(Duration time) {
        nanos += time.toNanos();
        channel.advanceTimeBy(time.toNanos(), TimeUnit.NANOSECONDS);
        channel.runScheduledPendingTasks();
        turn();
    }

    /** What was sent since the last call. */
    String out() {
        turn();
        StringBuilder text = new StringBuilder();
        for (ByteBuf sent = channel.readOutbound(); sent != null; sent = channel.readOutbound()) {
            text.append(sent.toString(StandardCharsets.ISO_8859_1));
            sent.release();
        }
        return text.toString();
    }

    /** The buffers that were sent and hold something. */
    int sends() {
        turn();
        int count = 0;
        for (ByteBuf sent = channel.readOutbound(); sent != null; sent = channel.readOutbound()) {
            count += sent.isReadable() ? 1 : 0;
            sent.release();
        }
        return count;
    }

    boolean isOpen() {
        turn();
        return channel.isOpen();
    }

    List<String> takeTold() {
        List<String> all = List.copyOf(told);
        told.clear();
        return all;
    }

    private void tell(String event) {
        told.add(event);
        onTold.accept(event);
    }

    /** Writes down what it is told. */
    final class Recorder implements ClientListener {
        ProxyException reset;
        ResponseHead head;

        @Override
        public void onHead(ResponseHead head, boolean last) {
            this.head = head;
            tell("head " + head.status() + (last ? " last" : ""));
        }

        @Override
        public void onData(ByteBuf data, boolean last) {
            String text = data.toString(StandardCharsets.ISO_8859_1);
            data.release();
            tell("data " + text + (last ? " last" : ""));
        }

        @Override
        public void onTrailers(Headers trailers) {
            tell("trailers " + trailers.toString().strip());
        }

        @Override
        public void onWritable() {
            tell("writable");
        }

        @Override
        public void onReset(ProxyException cause) {
            reset = cause;
            tell("reset " + cause.source() + " " + cause.type());
        }
    }

    /** A client's connection whose requests wait for {@link #stream} to be answered. */
    static final class Server extends Ends implements ExchangeStarter, ServerConnection.Owner {
        final ServerConnection stream;
        final List<String> refusals = new ArrayList<>();
        RequestHead head;
        Recorder listener;
        Consumer<RequestHead> onStart = request -> {};
        int open;

        Server(dev.lawu.proxy.ProxyOptions options) {
            stream = new ServerConnection(channel, loop, options, this, new Info(), this);
            channel.pipeline().addLast(stream);
        }

        void respond(int status, boolean last, String... fields) {
            stream.respond(ResponseHead.of(status, fields), last);
        }

        void write(String data, boolean last) {
            stream.write(Raw.bytes(data), last);
        }

        @Override
        public StreamListener start(ServerStream on, RequestHead request, boolean last) {
            head = request;
            listener = new Recorder();
            told.add("start " + request.method() + " " + request.target() + (last ? " last" : ""));
            onStart.accept(request);
            return listener;
        }

        @Override
        public void refused(ConnectionInfo connection, int status, String reason, String detail) {
            refusals.add(status + " " + reason);
        }

        @Override
        public void opened(ServerConnection connection) {
            open++;
        }

        @Override
        public void closed(ServerConnection connection) {
            open--;
        }
    }

    /** A connection to an upstream, listened to. */
    static final class Client extends Ends implements ClientConnection.Owner {
        final ClientConnection stream;
        Recorder listener = new Recorder();
        int released;
        int closed;

        Client() {
            stream = new ClientConnection(
                    channel,
                    loop,
                    dev.lawu.proxy.ProxyOptions.DEFAULTS,
                    dev.lawu.proxy.upstream.HttpPeer.of("origin", 80),
                    new Info(),
                    this);
            channel.pipeline().addLast(stream);
            stream.listen(listener);
        }

        void send(String method, boolean last, String... fields) {
            stream.send(RequestHead.of(method, "/", fields), last);
            turn();
        }

        void listenAgain() {
            listener = new Recorder();
            stream.listen(listener);
        }

        @Override
        public void released(ClientConnection connection) {
            released++;
        }

        @Override
        public void closed(ClientConnection connection) {
            closed++;
        }
    }

    static final class Info implements ConnectionInfo {
        @Override
        public long number() {
            return 1;
        }

        @Override
        public SocketAddress remoteAddress() {
            return null;
        }

        @Override
        public SocketAddress localAddress() {
            return null;
        }

        @Override
        public boolean isSecure() {
            return false;
        }

        @Override
        public Object attachment() {
            return null;
        }

        @Override
        public void attach(Object attachment) {}
    }
}
