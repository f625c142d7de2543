package dev.lawu.proxy.internal.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ProxyHttp;
import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.NameOptions;
import dev.lawu.proxy.upstream.PeerOptions;
import dev.lawu.proxy.upstream.PeerSelection;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A whole server whose peer is a name of a name server on loopback. Each request is on a connection of its own. */
class ServerNamesTest {
    private final NameServer names = new NameServer();
    private final BlockingQueue<String> arrivedAt = new LinkedBlockingQueue<>();
    private final List<String> errors = Collections.synchronizedList(new ArrayList<>());
    private final ServerSocket origin;
    private @Nullable ProxyServer server;

    ServerNamesTest() throws IOException {
        origin = new ServerSocket(0, 100, InetAddress.getByName("0.0.0.0"));
        Thread thread = new Thread(this::serve, "test-origin");
        thread.setDaemon(true);
        thread.start();
    }

    private void serve() {
        try {
            while (true) {
                try (Socket accepted = origin.accept()) {
                    readHead(accepted.getInputStream());
                    arrivedAt.add(accepted.getLocalAddress().getHostAddress());
                    accepted.getOutputStream()
                            .write("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
                                    .getBytes(StandardCharsets.US_ASCII));
                }
            }
        } catch (IOException closed) {
            // the test is over
        }
    }

    private static String readHead(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int b = in.read();
            if (b < 0) {
                break;
            }
            head.append((char) b);
        }
        return head.toString();
    }

    private void start(int loops) {
        HttpPeer peer = HttpPeer.of("app.test", origin.getLocalPort())
                .withOptions(PeerOptions.builder().reuse(false).build());
        server = ProxyServer.builder(HttpProxy.of(new ProxyHttp<Object>() {
                    @Override
                    public Object newContext(Session session) {
                        return this;
                    }

                    @Override
                    public PeerSelection upstreamPeer(Session session, UpstreamAttempt attempt, Object state) {
                        return peer;
                    }

                    @Override
                    public void logging(Session session, @Nullable ProxyException error, Object state) {
                        if (error != null) {
                            errors.add(error.toString());
                        }
                    }
                }))
                .listen("127.0.0.1", 0)
                .eventLoops(loops)
                .names(NameOptions.builder()
                        .servers(List.of(names.address()))
                        .queryTimeout(Duration.ofMillis(200))
                        .build())
                .start();
    }

    @AfterEach
    void close() throws IOException {
        if (server != null) {
            server.close();
        }
        origin.close();
        names.close();
    }

    private Socket ask() throws IOException {
        Socket client = new Socket();
        client.connect(server.address());
        client.setSoTimeout(20_000);
        client.getOutputStream()
                .write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        return client;
    }

    private String get() throws IOException {
        try (Socket client = ask()) {
            return readHead(client.getInputStream()).substring(9, 12);
        }
    }

    private String arrived() throws InterruptedException {
        return arrivedAt.poll(20, TimeUnit.SECONDS);
    }

    private long queries() {
        return names.queries().stream().filter("A app.test."::equals).count();
    }

    @Test
    void oneQueryServesManyConnectionsOnEveryLoop() throws Exception {
        names.set("app.test", 300, "127.0.0.1");
        start(4);
        List<Socket> clients = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            clients.add(ask());
        }
        for (Socket client : clients) {
            assertThat(readHead(client.getInputStream())).startsWith("HTTP/1.1 204 ");
            client.close();
        }
        assertThat(queries()).isEqualTo(1);
    }

    @Test
    void anAddressThatChangesIsFollowedWhenItsTimeIsOver() throws Exception {
        names.set("app.test", 1, "127.0.0.1");
        start(1);
        assertThat(get()).isEqualTo("204");
        assertThat(arrived()).isEqualTo("127.0.0.1");
        names.set("app.test", 1, "127.0.0.5");
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        String at = "127.0.0.1";
        while (at.equals("127.0.0.1") && System.nanoTime() < end) {
            assertThat(get()).isEqualTo("204");
            at = arrived();
        }
        assertThat(at).isEqualTo("127.0.0.5");
        assertThat(queries()).isBetween(2L, 3L);
    }

    @Test
    void connectionsSpreadOverTheAddresses() throws Exception {
        names.set("app.test", 300, "127.0.0.1", "127.0.0.2", "127.0.0.3");
        start(1);
        List<String> seen = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            assertThat(get()).isEqualTo("204");
            seen.add(arrived());
        }
        assertThat(seen).containsExactly("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.1", "127.0.0.2", "127.0.0.3");
    }

    @Test
    void whatCannotBeResolvedIsAnErrorThatSaysWhy() throws Exception {
        start(1);
        assertThat(get()).isEqualTo("502");
        names.silentFor("*");
        assertThat(get()).isEqualTo("502"); // still known not to exist
        assertThat(errors)
                .hasSize(2)
                .allSatisfy(error -> assertThat(error)
                        .startsWith("UPSTREAM RESOLVE: app.test: ")
                        .contains("has no address"));
    }

    @Test
    void theLastGoodAnswerOutlivesTheNameServer() throws Exception {
        names.set("app.test", 1, "127.0.0.1");
        start(1);
        assertThat(get()).isEqualTo("204");
        names.silentFor("*");
        long before = queries();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (queries() < before + 2 && System.nanoTime() < end) { // until a lookup was tried, and tried again
            assertThat(get()).isEqualTo("204");
        }
        assertThat(get()).isEqualTo("204");
        assertThat(errors).isEmpty();
        assertThat(queries()).isGreaterThanOrEqualTo(before + 2);
    }
}
