package dev.lawu.examples.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lawu.examples.gateway.config.ConfigReader;
import dev.lawu.proxy.ProxyServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole gateway, from its file to its answers, on real sockets, in front of the JDK's server. */
class GatewayTest {
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final ExecutorService executor = Executors.newCachedThreadPool();
    private final CountDownLatch slowIsRunning = new CountDownLatch(1);
    private final CountDownLatch slowMayEnd = new CountDownLatch(1);
    private HttpServer first;
    private HttpServer second;

    @TempDir
    private Path directory;

    @BeforeEach
    void startOrigins() throws IOException {
        first = origin("first");
        second = origin("second");
    }

    @AfterEach
    void stopOrigins() {
        slowMayEnd.countDown();
        first.stop(0);
        second.stop(0);
        executor.shutdownNow();
    }

    private HttpServer origin(String name) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(executor);
        server.createContext(
                "/",
                exchange -> answer(exchange, (name + " " + exchange.getRequestURI()).getBytes(StandardCharsets.UTF_8)));
        server.createContext(
                "/echo", exchange -> answer(exchange, exchange.getRequestBody().readAllBytes()));
        server.createContext(
                "/forwarded",
                exchange -> answer(
                        exchange,
                        (exchange.getRequestHeaders().getFirst("Host") + " "
                                        + exchange.getRequestHeaders().getFirst("X-Forwarded-For") + " "
                                        + exchange.getRequestHeaders().getFirst("Via"))
                                .getBytes(StandardCharsets.UTF_8)));
        server.createContext("/slow", exchange -> {
            slowIsRunning.countDown();
            try {
                slowMayEnd.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            answer(exchange, "slow".getBytes(StandardCharsets.UTF_8));
        });
        server.start();
        return server;
    }

    private static void answer(HttpExchange exchange, byte[] body) throws IOException {
        try (exchange) {
            exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(200, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private static String address(HttpServer server) {
        return "127.0.0.1:" + server.getAddress().getPort();
    }

    private ProxyServer start(String text) throws Exception {
        Path file = directory.resolve("gateway.yaml");
        Files.writeString(file, text);
        return Gateway.start(ConfigReader.read(file, Map.of()));
    }

    private ProxyServer startPlain(String more) throws Exception {
        return start("""
                server: { event-loops: 2 }
                listeners: [{ address: "127.0.0.1:0" }]
                upstreams: { app: { peers: ["%s"] } }
                routes: [{ match: { path-prefix: / }, upstream: app }]
                """.formatted(address(first)) + more);
    }

    private static URI uri(ProxyServer server, String target) {
        return URI.create("http://127.0.0.1:" + server.address().getPort() + target);
    }

    private HttpResponse<String> get(ProxyServer server, String target) throws Exception {
        return client.send(HttpRequest.newBuilder(uri(server, target)).build(), BodyHandlers.ofString());
    }

    /** Sends bytes and reads until the gateway closes; for what a client library would not send. */
    private static String raw(ProxyServer server, String request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", server.address().getPort())) {
            OutputStream out = socket.getOutputStream();
            out.write(request.getBytes(StandardCharsets.ISO_8859_1));
            out.flush();
            InputStream in = socket.getInputStream();
            return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    @Test
    void requestsGoThroughAndBack() throws Exception {
        try (ProxyServer server = startPlain("")) {
            HttpResponse<String> response = get(server, "/a?b=c");
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.body()).isEqualTo("first /a?b=c");
            assertThat(get(server, "/forwarded").body())
                    .isEqualTo("127.0.0.1:" + server.address().getPort() + " 127.0.0.1 1.1 lawu");
        }
    }

    @Test
    void aBodyComesBackUnchanged() throws Exception {
        byte[] body = new byte[3_000_000];
        new Random(1).nextBytes(body);
        try (ProxyServer server = startPlain("")) {
            HttpRequest request = HttpRequest.newBuilder(uri(server, "/echo"))
                    .POST(BodyPublishers.ofByteArray(body))
                    .build();
            assertThat(client.send(request, BodyHandlers.ofByteArray()).body()).isEqualTo(body);
        }
    }

    @Test
    void routesChooseTheUpstream() throws Exception {
        try (ProxyServer server = start("""
                listeners: [{ address: "127.0.0.1:0" }]
                upstreams:
                  first: { peers: ["%s"] }
                  second: { peers: ["%s"] }
                routes:
                  - match: { path-prefix: /api }
                    upstream: first
                  - match: { exact: /api/x }
                    upstream: second
                  - match: { host: "*.example.com" }
                    upstream: second
                """.formatted(address(first), address(second)))) {
            assertThat(get(server, "/api").body()).isEqualTo("first /api");
            assertThat(get(server, "/api/x?y").body()).isEqualTo("second /api/x?y");
            assertThat(raw(server, "GET /api HTTP/1.1\r\nHost: a.example.com\r\nConnection: close\r\n\r\n"))
                    .startsWith("HTTP/1.1 200 ")
                    .endsWith("second /api");
            HttpResponse<String> none = get(server, "/apiary");
            assertThat(none.statusCode()).isEqualTo(404);
            assertThat(none.body()).contains("no route");
        }
    }

    @Test
    void dotSegmentsAreRefused() throws Exception {
        try (ProxyServer server = startPlain("")) {
            for (String path : new String[] {"/a/../b", "/a/%2e%2e/b", "/a%2f..%2fb"}) {
                assertThat(raw(server, "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
                        .as(path)
                        .startsWith("HTTP/1.1 400 ")
                        .contains("dot segment");
            }
        }
    }

    @Test
    void peersAreTakenInTurn() throws Exception {
        try (ProxyServer server = start("""
                listeners: [{ address: "127.0.0.1:0" }]
                upstreams: { app: { peers: ["%s", "%s"] } }
                routes: [{ match: {}, upstream: app }]
                """.formatted(address(first), address(second)))) {
            for (int i = 0; i < 3; i++) {
                assertThat(get(server, "/").body()).isEqualTo("first /");
                assertThat(get(server, "/").body()).isEqualTo("second /");
            }
        }
    }

    @Test
    void aPeerThatCannotBeReachedIsPassedOver() throws Exception {
        int closed = closedPort();
        try (ProxyServer server = start("""
                listeners: [{ address: "127.0.0.1:0" }]
                upstreams: { app: { peers: ["127.0.0.1:%d", "%s"] } }
                routes: [{ match: {}, upstream: app }]
                """.formatted(closed, address(second)))) {
            Set<String> bodies = new TreeSet<>();
            for (int i = 0; i < 4; i++) {
                bodies.add(get(server, "/").body());
            }
            assertThat(bodies).containsExactly("second /");
        }
    }

    @Test
    void whereNoPeerCanBeReachedTheAnswerIs502() throws Exception {
        try (ProxyServer server = start("""
                listeners: [{ address: "127.0.0.1:0" }]
                upstreams: { app: { peers: ["127.0.0.1:%d"] } }
                routes: [{ match: {}, upstream: app }]
                """.formatted(closedPort()))) {
            assertThat(get(server, "/").statusCode()).isEqualTo(502);
        }
    }

    /** An origin that answers the first request of each connection, and ends the connection at the second. */
    @Test
    void aGetThatMeetsADyingPooledConnectionIsSentAgainAndAPostIsNot() throws Exception {
        AtomicInteger posts = new AtomicInteger();
        try (ServerSocket origin = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            Thread thread = new Thread(() -> {
                try {
                    while (true) {
                        try (Socket connection = origin.accept()) {
                            BufferedReader in = new BufferedReader(
                                    new InputStreamReader(connection.getInputStream(), StandardCharsets.US_ASCII));
                            for (int request = 1; request <= 2; request++) {
                                for (String line = in.readLine();
                                        line != null && !line.isEmpty();
                                        line = in.readLine()) {
                                    if (line.startsWith("POST")) {
                                        posts.incrementAndGet();
                                    }
                                }
                                if (request == 1) {
                                    connection
                                            .getOutputStream()
                                            .write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                                                    .getBytes(StandardCharsets.US_ASCII));
                                }
                            }
                        }
                    }
                } catch (IOException closed) {
                    // the end of the test
                }
            });
            thread.start();
            try (ProxyServer server = start("""
                    server: { event-loops: 1 }
                    listeners: [{ address: "127.0.0.1:0" }]
                    upstreams: { app: { peers: ["127.0.0.1:%d"] } }
                    routes: [{ match: {}, upstream: app }]
                    """.formatted(origin.getLocalPort()))) {
                for (int i = 0; i < 4; i++) {
                    assertThat(get(server, "/").body()).isEqualTo("ok");
                }
                HttpRequest post = HttpRequest.newBuilder(uri(server, "/"))
                        .POST(BodyPublishers.noBody())
                        .build();
                assertThat(client.send(post, BodyHandlers.ofString()).statusCode())
                        .isEqualTo(502);
                assertThat(posts).hasValue(1);
            }
            origin.close();
            thread.join();
        }
    }

    private static int closedPort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    @Test
    void limitsOfTheFileHold() throws Exception {
        try (ProxyServer server = startPlain("limits: { max-head: 1KiB }\naccess-log: false\n")) {
            assertThat(raw(server, "GET / HTTP/1.1\r\nHost: x\r\nX: " + "x".repeat(2000) + "\r\n\r\n"))
                    .startsWith("HTTP/1.1 431 ");
        }
    }

    @Test
    void closingLetsARunningRequestEnd() throws Exception {
        ProxyServer server = startPlain("");
        CompletableFuture<HttpResponse<String>> response =
                client.sendAsync(HttpRequest.newBuilder(uri(server, "/slow")).build(), BodyHandlers.ofString());
        slowIsRunning.await();
        CompletableFuture<Void> closed = server.shutdown().toCompletableFuture();
        assertThat(server.isReady()).isFalse();
        assertThat(closed).isNotDone();
        slowMayEnd.countDown();
        assertThat(response.get().body()).isEqualTo("slow");
        closed.get();
        assertThatThrownBy(() -> get(server, "/")).isInstanceOf(IOException.class);
    }

    @Test
    void aBusyPortIsNamed() throws Exception {
        try (ProxyServer server = startPlain("")) {
            int port = server.address().getPort();
            assertThatThrownBy(() -> start("""
                            listeners: [{ address: "127.0.0.1:%d" }]
                            upstreams: { app: { peers: ["%s"] } }
                            routes: [{ match: {}, upstream: app }]
                            """.formatted(port, address(first))))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("127.0.0.1:" + port);
        }
    }

    @Test
    void theDemosOriginShowsWhatItGot() throws Exception {
        try (ProxyServer origin = DemoOrigin.start()) {
            HttpResponse<String> page = get(origin, "/");
            assertThat(page.statusCode()).isEqualTo(200);
            assertThat(page.headers().firstValue("Content-Type")).hasValue("text/html; charset=utf-8");
            assertThat(page.body()).contains("It works");
            assertThat(get(origin, "/headers").body())
                    .startsWith("GET /headers HTTP/1.1\n")
                    .contains("Host: 127.0.0.1:");
            HttpRequest post = HttpRequest.newBuilder(uri(origin, "/echo"))
                    .header("Content-Type", "text/x-test")
                    .POST(BodyPublishers.ofString("hello"))
                    .build();
            HttpResponse<String> echo = client.send(post, BodyHandlers.ofString());
            assertThat(echo.body()).isEqualTo("hello");
            assertThat(echo.headers().firstValue("Content-Type")).hasValue("text/x-test");
            assertThat(get(origin, "/none").statusCode()).isEqualTo(404);
        }
    }
}
