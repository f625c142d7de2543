package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.Listener;
import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.TrustedProxies;
import dev.lawu.proxy.internal.transport.SocketTransport;
import dev.lawu.proxy.spi.Transport;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a server listens, on real sockets. */
class ListenersTest {
    @TempDir
    Path directory;

    private final Set<String> loops = ConcurrentHashMap.newKeySet();

    private HttpProxy local() {
        return new Probe(
                        session -> {
                            throw new AssertionError("no upstream is wanted");
                        },
                        session -> {
                            loops.add(Thread.currentThread().getName());
                            return FilterResult.respond(
                                    LocalResponse.of(200).text(session.clientAddress() + " " + session.localAddress()));
                        })
                .proxy();
    }

    private ProxyServer.Builder builder(boolean epoll) {
        Transport transport = new SocketTransport(epoll);
        return ProxyServer.builder(local())
                .eventLoops(2)
                .drainTimeout(Duration.ofSeconds(5))
                .plugIn(transport);
    }

    private ProxyServer.Builder builder() {
        return builder(true);
    }

    private static String get(SocketAddress address) throws IOException {
        return get(address, "");
    }

    private static String get(SocketAddress address, String before) throws IOException {
        try (SocketChannel socket = SocketChannel.open(address)) {
            socket.write(ByteBuffer.wrap((before + "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                    .getBytes(StandardCharsets.ISO_8859_1)));
            ByteBuffer answer = ByteBuffer.allocate(4096);
            while (socket.read(answer) >= 0) {}
            return new String(answer.array(), 0, answer.position(), StandardCharsets.ISO_8859_1);
        }
    }

    private static void fails(ProxyServer.Builder builder, String... messages) {
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(builder::start)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageStartingWith("cannot listen on ")
                    .hasMessageContainingAll(messages);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aServerListensInManyPlaces(boolean epoll) throws Exception {
        Path path = directory.resolve("lawu.sock");
        ProxyServer server = builder(epoll)
                .listen("127.0.0.1", 0)
                .listen(Listener.tcp("127.0.0.1", 0).name("second"))
                .listen(Listener.unix(path.toString()).name("local"))
                .start();
        try {
            List<SocketAddress> addresses = server.addresses();
            assertThat(addresses).hasSize(3);
            assertThat(server.address()).isEqualTo(addresses.get(0));
            assertThat(server.address().getPort()).isNotZero();
            assertThat(server.address("second")).isEqualTo(addresses.get(1)).isNotEqualTo(addresses.get(0));
            assertThat(server.address("local")).isEqualTo(addresses.get(2)).isEqualTo(UnixDomainSocketAddress.of(path));
            assertThatThrownBy(() -> server.address("third"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("listener: third (expected: one of [127.0.0.1:0, second, local])");
            for (SocketAddress address : addresses) {
                assertThat(get(address)).startsWith("HTTP/1.1 200 OK\r\n");
            }
            assertThat(get(UnixDomainSocketAddress.of(path))).endsWith("null " + path);
        } finally {
            server.close();
        }
        assertThat(path).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void onlyASocketThatNobodyListensOnIsReplaced(boolean epoll) throws Exception {
        Path path = directory.resolve("lawu.sock");
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(path);
        ProxyServer.Builder builder = builder(epoll).listen(Listener.unix(path.toString()));
        try (ServerSocketChannel live = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            live.bind(address, 1);
            fails(builder, "unix:" + path, "in use", "(expected: a path that nobody listens on");
            fails(builder, "in use"); // by now its backlog is full
            fails(builder, "in use");
            assertThat(Files.exists(path)).isTrue();
        } // which leaves the file
        assertThat(Files.exists(path)).isTrue();
        try (ProxyServer server = builder.start()) {
            assertThat(server.isReady()).isTrue();
            assertThat(get(address)).startsWith("HTTP/1.1 200 OK\r\n");
        }
        assertThat(path).doesNotExist();
        Files.writeString(path, "precious");
        fails(builder, "there is a file that is no socket", "remove the file, if it is not wanted");
        assertThat(Files.readString(path)).isEqualTo("precious");
        Files.delete(path);
        Files.createSymbolicLink(path, directory.resolve("elsewhere"));
        fails(builder, "there is a file that is no socket");
        assertThat(Files.exists(path, LinkOption.NOFOLLOW_LINKS)).isTrue();
    }

    @Test
    void aSocketThatSomebodyElseHasMadeSinceIsNotRemoved() throws Exception {
        Path path = directory.resolve("lawu.sock");
        ProxyServer server =
                builder(false).listen(Listener.unix(path.toString())).start();
        Files.move(path, directory.resolve("moved"));
        server.close();
        assertThat(path).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aUnixSocketTrustsWhoMayOpenIt(boolean epoll) throws Exception {
        Path path = directory.resolve("lawu.sock");
        try (ProxyServer server = builder(epoll)
                .listen(Listener.unix(path.toString()).proxyProtocol(TrustedProxies.NONE))
                .maxConnectionsPerClient(1)
                .start()) {
            SocketAddress address = server.addresses().get(0);
            assertThat(get(address, "PROXY TCP4 192.0.2.1 198.51.100.2 50000 443\r\n"))
                    .endsWith("/192.0.2.1:50000 /198.51.100.2:443");
            assertThat(get(address)).isEmpty();
        }
    }

    @Test
    void anErrorSaysWhatToDo() {
        fails(builder().listen("192.0.2.1", 0), "192.0.2.1:0: ", "(expected: an address of this machine");
        fails(builder(false).listen("192.0.2.1", 0), "192.0.2.1:0: ", "(expected: an address of this machine");
        Path nowhere = directory.resolve("none").resolve("lawu.sock");
        for (boolean epoll : new boolean[] {true, false}) {
            fails(
                    builder(epoll).listen(Listener.unix(nowhere.toString())),
                    "unix:" + nowhere,
                    "(expected: a directory that exists: make " + nowhere.getParent());
        }
        String tooLong = directory + "/" + "x".repeat(108);
        assertThatThrownBy(() -> Listener.unix(tooLong))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("has " + tooLong.length() + " bytes (expected: 1..107");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aBusyPortIsNamedWithItsListener(boolean epoll) throws Exception {
        try (ServerSocketChannel busy = ServerSocketChannel.open()) {
            busy.bind(new InetSocketAddress("127.0.0.1", 0));
            int port = ((InetSocketAddress) busy.getLocalAddress()).getPort();
            Path path = directory.resolve("lawu.sock");
            fails(
                    builder(epoll)
                            .listen(Listener.unix(path.toString()))
                            .listen(Listener.tcp("127.0.0.1", port).name("edge")),
                    "edge (127.0.0.1:" + port + "): ",
                    "ss -ltnp 'sport = :" + port + "'");
            assertThat(path).doesNotExist();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void everyLoopMayListenOnThePort(boolean epoll) throws Exception {
        try (ProxyServer server =
                builder(epoll).listen("127.0.0.1", 0).reusePort(true).start()) {
            assertThat(server.addresses()).hasSize(1);
            Set<String> seen = new HashSet<>();
            for (int i = 0; i < 1000 && seen.size() < 2; i++) {
                assertThat(get(server.address())).startsWith("HTTP/1.1 200 OK\r\n");
                seen.addAll(loops);
            }
            assertThat(seen).hasSize(2); // the kernel chooses by the client's port
        }
    }

    @Test
    void aBuilderMayBeUsedAgain() throws Exception {
        ProxyServer.Builder builder = builder().listen("127.0.0.1", 0);
        try (ProxyServer first = builder.start()) {
            builder.maxConnections(1).drainTimeout(Duration.ZERO).listen("127.0.0.1", 0);
            try (ProxyServer second = builder.start();
                    SocketChannel one = SocketChannel.open(first.address());
                    SocketChannel two = SocketChannel.open(first.address())) {
                assertThat(second.addresses()).hasSize(2);
                assertThat(first.addresses()).hasSize(1);
                assertThat(one.isConnected() && two.isConnected()).isTrue();
                assertThat(get(first.address())).startsWith("HTTP/1.1 200 OK\r\n"); // a third one
            }
        }
    }

    @Test
    void badListenersAreRefusedWhereTheyAreMade() {
        for (String name : new String[] {"", "a b", "x".repeat(65), "ü"}) {
            assertThatThrownBy(() -> Listener.tcp("127.0.0.1", 0).name(name))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("listener name: \"" + name + "\" (expected: ");
        }
        assertThatThrownBy(() -> Listener.tcp("127.0.0.1", 0).maxConnections(0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Listener.tcp("127.0.0.1", 0).proxyProtocol(TrustedProxies.NONE))
                .hasMessageContaining("no networks (expected: ");
        assertThatThrownBy(() -> Listener.tcp("no.such.host.invalid", 80))
                .hasMessageContaining("listen address: no.such.host.invalid (expected: ");
        assertThatThrownBy(() -> builder()
                        .listen(Listener.tcp("127.0.0.1", 0).name("a"))
                        .listen(Listener.tcp("127.0.0.1", 0).name("a")))
                .hasMessageContaining("\"a\" twice");
    }
}
