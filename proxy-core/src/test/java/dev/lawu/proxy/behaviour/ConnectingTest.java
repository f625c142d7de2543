package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.internal.transport.SocketTransport;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.NameResolver;
import dev.lawu.proxy.upstream.PeerOptions;
import dev.lawu.proxy.upstream.ProxyProtocol;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import io.netty.channel.epoll.Epoll;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How connections to upstreams are made on real sockets, by epoll and by NIO. */
class ConnectingTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

    @TempDir
    private Path directory;

    /** A blocking origin that answers every request on each connection with {@link #OK} and notes what it has read. */
    private static final class Origin implements AutoCloseable {
        private final ServerSocketChannel listening;
        private final BlockingQueue<String> requests = new LinkedBlockingQueue<>();

        Origin(SocketAddress address) throws IOException {
            boolean unix = address instanceof UnixDomainSocketAddress;
            listening = unix ? ServerSocketChannel.open(StandardProtocolFamily.UNIX) : ServerSocketChannel.open();
            listening.bind(address);
            thread(() -> {
                while (true) {
                    SocketChannel accepted = listening.accept();
                    thread(() -> serve(accepted));
                }
            });
        }

        private interface Task {
            void run() throws IOException;
        }

        private static void thread(Task task) {
            Thread thread = new Thread(
                    () -> {
                        try {
                            task.run();
                        } catch (IOException closed) {
                            // by either side
                        }
                    },
                    "test-origin");
            thread.setDaemon(true);
            thread.start();
        }

        private void serve(SocketChannel accepted) throws IOException {
            try (accepted) {
                InputStream in = Channels.newInputStream(accepted);
                StringBuilder head = new StringBuilder();
                for (int b = in.read(); b >= 0; b = in.read()) {
                    head.append((char) b);
                    if (head.toString().endsWith("\r\n\r\n") && head.indexOf("GET ") >= 0) {
                        requests.add(head.toString());
                        head.setLength(0);
                        accepted.write(ByteBuffer.wrap(OK.getBytes(StandardCharsets.US_ASCII)));
                    }
                }
            }
        }

        int port() throws IOException {
            return ((InetSocketAddress) listening.getLocalAddress()).getPort();
        }

        String request() throws InterruptedException {
            String request = requests.poll(10, TimeUnit.SECONDS);
            assertThat(request).isNotNull();
            return request;
        }

        @Override
        public void close() throws IOException {
            listening.close();
        }
    }

    private static ProxyServer start(boolean epoll, HttpProxy proxy, Consumer<ProxyServer.Builder> settings) {
        Assumptions.assumeTrue(!epoll || Epoll.isAvailable(), "no epoll here");
        ProxyServer.Builder builder =
                ProxyServer.builder(proxy).listen("127.0.0.1", 0).eventLoops(1).plugIn(new SocketTransport(epoll));
        settings.accept(builder);
        return builder.start();
    }

    private static Socket connect(ProxyServer server) throws IOException {
        Socket client = new Socket();
        client.connect(server.address());
        client.setSoTimeout(10_000);
        return client;
    }

    private static String get(Socket client, String host) throws IOException {
        client.getOutputStream()
                .write(("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
        StringBuilder answer = new StringBuilder();
        InputStream in = client.getInputStream();
        while (answer.indexOf("\r\n\r\n") < 0
                || answer.indexOf("200 OK") >= 0 && !answer.toString().endsWith("hi")) {
            int b = in.read();
            if (b < 0) {
                break;
            }
            answer.append((char) b);
        }
        return answer.toString();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void overAUnixSocket(boolean epoll) throws Exception {
        String path = directory.resolve("app.sock").toString();
        BlockingQueue<SocketAddress> seen = new LinkedBlockingQueue<>();
        ToPeer described = new ToPeer(HttpPeer.unix(path)) {
            @Override
            public void connectedToUpstream(Session session, UpstreamAttempt attempt, Object state) {
                seen.add(attempt.remoteAddress());
            }
        };
        try (Origin origin = new Origin(UnixDomainSocketAddress.of(path));
                ProxyServer server = start(epoll, HttpProxy.of(described), settings -> {});
                Socket client = connect(server)) {
            assertThat(get(client, "example.com")).startsWith("HTTP/1.1 200 OK\r\n");
            assertThat(origin.request()).contains("\r\nHost: example.com\r\n");
            assertThat(get(client, "example.com")).endsWith("hi");
            client.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            origin.request();
            assertThat(origin.request()).contains("\r\nHost: localhost\r\n");
            assertThat(server.stats().upstreamConnects()).isEqualTo(1);
            assertThat(seen).containsOnly(UnixDomainSocketAddress.of(path));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aUnixSocketThatIsNotThereIsAnErrorThatNamesIt(boolean epoll) throws Exception {
        String path = directory.resolve("none.sock").toString();
        ToPeer described = new ToPeer(HttpPeer.unix(path));
        try (ProxyServer server = start(epoll, HttpProxy.of(described), settings -> {});
                Socket client = connect(server)) {
            assertThat(get(client, "a")).startsWith("HTTP/1.1 502 ");
        }
        assertThat(described.logged).singleElement().asString().startsWith("UPSTREAM CONNECT: " + path + ": ");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void toTheAddressThatAnswers(boolean epoll) throws Exception {
        try (Origin origin = new Origin(new InetSocketAddress("127.0.0.1", 0))) {
            NameResolver names = NameResolver.of(Map.of(
                    "app.test",
                    List.of(
                            InetAddress.getByName("127.0.0.2"), // nobody listens there
                            InetAddress.getByName("::1"),
                            InetAddress.getByName("127.0.0.1"))));
            try (ProxyServer server = start(
                            epoll,
                            HttpProxy.of(new ToPeer(HttpPeer.of("App.Test", origin.port()))),
                            settings -> settings.resolver(names));
                    Socket client = connect(server)) {
                assertThat(get(client, "a")).startsWith("HTTP/1.1 200 OK\r\n");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void overIpv6(boolean epoll) throws Exception {
        Origin listening;
        try {
            listening = new Origin(new InetSocketAddress("::1", 0));
        } catch (IOException e) {
            Assumptions.abort("no IPv6 here");
            return;
        }
        try (Origin origin = listening) {
            NameResolver names = NameResolver.of(
                    Map.of("app.test", List.of(InetAddress.getByName("127.0.0.1"), InetAddress.getByName("::1"))));
            try (ProxyServer server = start(
                            epoll,
                            HttpProxy.of(new ToPeer(HttpPeer.of("app.test", origin.port()))),
                            settings -> settings.resolver(names));
                    Socket client = connect(server)) {
                assertThat(get(client, "a")).startsWith("HTTP/1.1 200 OK\r\n");
            }
        }
    }

    /** The first connection gets the cookie, if the system takes part; later ones send the request with the SYN. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void withFastOpen(boolean epoll) throws Exception {
        try (Origin origin = new Origin(new InetSocketAddress("127.0.0.1", 0))) {
            HttpPeer peer = HttpPeer.of("127.0.0.1", origin.port())
                    .withOptions(PeerOptions.builder()
                            .tcpFastOpen(true)
                            .maxIdlePerLoop(0)
                            .build());
            try (ProxyServer server = start(epoll, HttpProxy.of(new ToPeer(peer)), settings -> {});
                    Socket client = connect(server)) {
                for (int i = 0; i < 5; i++) {
                    assertThat(get(client, "a")).startsWith("HTTP/1.1 200 OK\r\n");
                }
                assertThat(server.stats().upstreamConnects()).isEqualTo(5);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void withTheProxyProtocol(boolean epoll) throws Exception {
        try (Origin origin = new Origin(new InetSocketAddress("127.0.0.1", 0))) {
            HttpPeer peer = HttpPeer.of("127.0.0.1", origin.port())
                    .withOptions(PeerOptions.builder()
                            .proxyProtocol(ProxyProtocol.V1)
                            .build());
            try (ProxyServer server = start(epoll, HttpProxy.of(new ToPeer(peer)), settings -> {});
                    Socket one = connect(server);
                    Socket two = connect(server)) {
                for (Socket client : List.of(one, two)) {
                    get(client, "a");
                    assertThat(origin.request())
                            .startsWith("PROXY TCP4 127.0.0.1 127.0.0.1 " + client.getLocalPort() + " "
                                    + client.getPort() + "\r\nGET / HTTP/1.1\r\n");
                }
                get(one, "a");
                assertThat(origin.request()).startsWith("GET / HTTP/1.1\r\n");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void withThePeersOwnHost(boolean epoll) throws Exception {
        try (Origin origin = new Origin(new InetSocketAddress("127.0.0.1", 0))) {
            HttpPeer peer = HttpPeer.of("127.0.0.1", origin.port()).withHost("internal.test:81");
            try (ProxyServer server = start(epoll, HttpProxy.of(new ToPeer(peer)), settings -> {});
                    Socket client = connect(server)) {
                get(client, "example.com");
                assertThat(origin.request())
                        .containsOnlyOnce("Host: internal.test:81\r\n")
                        .contains("X-Forwarded-Host: example.com\r\n")
                        .doesNotContain("\r\nHost: example.com");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theHostsFileIsKnown(boolean epoll) throws Exception {
        try (Origin origin = new Origin(new InetSocketAddress("127.0.0.1", 0));
                ProxyServer server = start(
                        epoll, HttpProxy.of(new ToPeer(HttpPeer.of("localhost", origin.port()))), settings -> {});
                Socket client = connect(server)) {
            assertThat(get(client, "a")).startsWith("HTTP/1.1 200 OK\r\n");
        }
    }
}
