package dev.lawu.proxy.internal.h1;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.internal.loop.LoopContext;
import dev.lawu.proxy.internal.transport.SocketTransport;
import dev.lawu.proxy.spi.BindRequest;
import dev.lawu.proxy.spi.ClientListener;
import dev.lawu.proxy.spi.ConnectionInfo;
import dev.lawu.proxy.spi.ExchangeStarter;
import dev.lawu.proxy.spi.ServerStream;
import dev.lawu.proxy.spi.StreamListener;
import dev.lawu.proxy.spi.TimeSource;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerOptions;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What only a kernel does: resets that destroy answers, buffers that fill up. */
class SocketConnectionTest implements ExchangeStarter, ServerConnection.Owner, ClientListener, ClientConnection.Owner {
    private static final InetAddress LOCALHOST = InetAddress.getLoopbackAddress();

    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();
    private int responseLength;
    private ServerStream stream;
    private int written;

    private String next() throws InterruptedException {
        return told.poll(20, TimeUnit.SECONDS);
    }

    private interface Run {
        void run(Socket client) throws Exception;
    }

    private void serve(boolean epoll, ProxyOptions options, Run run) throws Exception {
        SocketTransport transport = new SocketTransport(epoll);
        EventLoopGroup loops = transport.eventLoops(1);
        LoopContext loop = new LoopContext(loops.next(), TimeSource.SYSTEM, new Random(1));
        try {
            Channel server = transport
                    .bind(new BindRequest(loops, new InetSocketAddress(LOCALHOST, 0), 10, channel -> {
                        // Without a limit on what is unsent the kernel asks for more when a third of its buffer is
                        // free.
                        if (!epoll) {
                            channel.config().setOption(ChannelOption.SO_SNDBUF, 128 * 1024);
                        }
                        channel.pipeline()
                                .addLast(new ServerConnection(channel, loop, options, this, new Ends.Info(), this));
                    }))
                    .sync()
                    .channel();
            try (Socket client = new Socket()) {
                client.setReceiveBufferSize(64 * 1024);
                client.setSoTimeout(20_000);
                client.connect(server.localAddress());
                run.run(client);
            }
            server.close().sync();
        } finally {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
            loop.buffers().clear();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aRefusedClientReadsItsAnswerThoughItGoesOnSending(boolean epoll) throws Exception {
        serve(epoll, ProxyOptions.DEFAULTS, client -> {
            OutputStream out = client.getOutputStream();
            out.write("POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            for (int i = 0; i < 6; i++) {
                Thread.sleep(10);
                out.write(new byte[8 * 1024]);
            }
            assertThat(new String(client.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .startsWith("HTTP/1.1 400 Bad Request\r\n");
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aClientThatTakesNothingIsCutOff(boolean epoll) throws Exception {
        responseLength = 20_000_000;
        ProxyOptions options =
                ProxyOptions.builder().writeStallTimeout(Duration.ofMillis(400)).build();
        serve(epoll, options, client -> {
            client.getOutputStream().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(next()).isEqualTo("start");
            assertThat(next()).isEqualTo("refused 0 write-stall");
            assertThat(next()).isEqualTo("reset DOWNSTREAM WRITE_TIMEOUT");
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aClientThatTakesLittleIsServed(boolean epoll) throws Exception {
        responseLength = 20_000_000;
        ProxyOptions options =
                ProxyOptions.builder().writeStallTimeout(Duration.ofMillis(400)).build();
        serve(epoll, options, client -> {
            client.getOutputStream().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            InputStream in = client.getInputStream();
            byte[] some = new byte[100_000];
            for (int i = 0; i < 30; i++) {
                Thread.sleep(50);
                assertThat(in.readNBytes(some, 0, some.length)).isEqualTo(some.length);
            }
            assertThat(next()).isEqualTo("start");
            assertThat(told).isEmpty();
            long rest = 0;
            while (rest < responseLength - 30 * some.length) {
                rest += in.read(some);
            }
            assertThat(next()).isEqualTo("ended");
        });
    }

    /** The last byte was given to the transport, and half a megabyte still waits there: the connection is not idle. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theTailOfAResponseIsNotCutOffByTheKeepAliveTimeout(boolean epoll) throws Exception {
        responseLength = 20_000_000;
        ProxyOptions options =
                ProxyOptions.builder().keepAliveTimeout(Duration.ofMillis(100)).build();
        serve(epoll, options, client -> {
            client.getOutputStream().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            InputStream in = client.getInputStream();
            byte[] some = new byte[10_000];
            long all = 0;
            while (!told.contains("ended")) {
                all += in.read(some);
            }
            Thread.sleep(300);
            for (int read = in.read(some); read >= 0; read = in.read(some)) {
                all += read;
            }
            assertThat(all).isGreaterThan(responseLength);
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anAnswerIsToldThoughTheOriginResetTheUpload(boolean epoll) throws Exception {
        SocketTransport transport = new SocketTransport(epoll);
        EventLoopGroup loops = transport.eventLoops(1);
        LoopContext loop = new LoopContext(loops.next(), TimeSource.SYSTEM, new Random(1));
        try (ServerSocket origin = new ServerSocket(0, 10, LOCALHOST)) {
            HttpPeer peer = HttpPeer.of("localhost", origin.getLocalPort());
            ClientConnection[] made = new ClientConnection[1];
            transport
                    .connect(loop.loop(), origin.getLocalSocketAddress(), PeerOptions.DEFAULTS, channel -> {
                        made[0] =
                                new ClientConnection(channel, loop, ProxyOptions.DEFAULTS, peer, new Ends.Info(), this);
                        channel.pipeline().addLast(made[0]);
                    })
                    .sync();
            loop.loop().execute(() -> {
                made[0].listen(this);
                made[0].send(RequestHead.of("POST", "/", "Host", "a"), false);
                made[0].write(Unpooled.wrappedBuffer(new byte[8_000_000]), false);
            });
            try (Socket accepted = origin.accept()) {
                accepted.getInputStream().readNBytes(100);
                accepted.getOutputStream()
                        .write("HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno".getBytes(StandardCharsets.US_ASCII));
            } // with unread bytes: a RST

            assertThat(next()).isEqualTo("head 413");
            assertThat(next()).isEqualTo("data no true");
            assertThat(next()).isEqualTo("closed");
        } finally {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
            loop.buffers().clear();
        }
    }

    @Override
    public StreamListener start(ServerStream on, RequestHead head, boolean last) {
        told.add("start");
        stream = on;
        on.respond(ResponseHead.of(200, "Content-Length", Integer.toString(responseLength)), false);
        onWritable();
        return this;
    }

    @Override
    public void onWritable() {
        while (stream != null && stream.isWritable() && written < responseLength) {
            int length = Math.min(100_000, responseLength - written);
            written += length;
            stream.write(Unpooled.wrappedBuffer(new byte[length]), written == responseLength);
            if (written == responseLength) {
                told.add("ended");
            }
        }
    }

    @Override
    public void onHead(ResponseHead head, boolean last) {
        told.add("head " + head.status());
    }

    @Override
    public void onData(ByteBuf data, boolean last) {
        told.add("data " + data.toString(StandardCharsets.US_ASCII) + " " + last);
        data.release();
    }

    @Override
    public void onTrailers(Headers trailers) {
        told.add("trailers");
    }

    @Override
    public void onReset(ProxyException cause) {
        told.add("reset " + cause.source() + " " + cause.type());
    }

    @Override
    public void refused(ConnectionInfo connection, int status, String reason, String detail) {
        told.add("refused " + status + " " + reason);
    }

    @Override
    public void opened(ServerConnection connection) {}

    @Override
    public void closed(ServerConnection connection) {}

    @Override
    public void released(ClientConnection connection) {
        told.add("released");
    }

    @Override
    public void closed(ClientConnection connection) {
        told.add("closed");
    }
}
