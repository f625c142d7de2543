package dev.lawu.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.lawu.proxy.HttpFilter;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.ProxyHttp;
import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.upstream.HttpPeer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each example does what its page says, in front of the JDK's server. */
class ExamplesTest {
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final List<HttpServer> origins = new ArrayList<>();
    private HttpPeer app;

    @BeforeEach
    void startOrigin() throws IOException {
        app = origin("app");
    }

    @AfterEach
    void stopOrigins() {
        origins.forEach(origin -> origin.stop(0));
    }

    /** An origin that tells its name and the fields that it got, or at {@code /json} and {@code /large} sends JSON in pieces. */
    private HttpPeer origin(String name) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            try (exchange) {
                String request = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
                String path = exchange.getRequestURI().getPath();
                exchange.getResponseHeaders().add("X-Powered-By", "a server");
                exchange.getResponseHeaders().add("Content-Type", path.equals("/") ? "text/plain" : "application/json");
                exchange.sendResponseHeaders(200, 0);
                if (path.equals("/json")) {
                    exchange.getResponseBody().write("{ \"card\": 12345678".getBytes(StandardCharsets.UTF_8));
                    exchange.getResponseBody().flush();
                    exchange.getResponseBody().write("90123456, \"n\": \"é\" }".getBytes(StandardCharsets.UTF_8));
                } else if (path.equals("/large")) {
                    exchange.getResponseBody().write(new byte[2 << 20]);
                } else {
                    exchange.getResponseBody()
                            .write((name + " " + exchange.getRequestHeaders().entrySet() + " " + request)
                                    .getBytes(StandardCharsets.UTF_8));
                }
            }
        });
        server.start();
        origins.add(server);
        return HttpPeer.of("127.0.0.1", server.getAddress().getPort());
    }

    private static ProxyServer start(ProxyHttp<?> proxy, HttpFilter<?>... filters) {
        HttpProxy.Builder builder = HttpProxy.builder(proxy);
        for (HttpFilter<?> filter : filters) {
            builder.filter(filter);
        }
        return ProxyServer.builder(builder.build())
                .listen("127.0.0.1", 0)
                .eventLoops(1)
                .start();
    }

    private static HttpRequest.Builder request(ProxyServer server, String target) {
        return HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + server.address().getPort() + target));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), BodyHandlers.ofString());
    }

    @Test
    void helloProxyForwards() throws Exception {
        try (ProxyServer server = start(new HelloProxy(app))) {
            assertThat(send(request(server, "/")).body()).startsWith("app ");
        }
    }

    @Test
    void addHeadersEditsBothWays() throws Exception {
        try (ProxyServer server = start(new HelloProxy(app), new AddHeaders())) {
            HttpResponse<String> response = send(request(server, "/").header("X-Request-Id", "forged"));
            String id = response.headers().firstValue("X-Request-Id").orElseThrow();
            assertThat(response.body())
                    .containsIgnoringCase("X-Request-Id=[" + id + "]")
                    .doesNotContain("forged");
            assertThat(response.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
            assertThat(response.headers().firstValue("X-Powered-By")).isEmpty();
        }
    }

    @Test
    void requireApiKeyAnswers401() throws Exception {
        try (ProxyServer server = start(new HelloProxy(app), new RequireApiKey("secret"))) {
            assertThat(send(request(server, "/")).statusCode()).isEqualTo(401);
            assertThat(send(request(server, "/").header("X-Api-Key", "wrong")).statusCode())
                    .isEqualTo(401);
            HttpRequest.Builder twice =
                    request(server, "/").header("X-Api-Key", "secret").header("X-Api-Key", "other");
            assertThat(send(twice).statusCode()).isEqualTo(401);
            HttpResponse<String> response = send(request(server, "/").header("X-Api-Key", "secret"));
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.body()).doesNotContain("secret");
        }
    }

    @Test
    void routeByBodyChoosesByTheModelAndSendsTheBodyOn() throws Exception {
        try (ProxyServer server = start(new RouteByBody(Map.of("large", origin("large")), app))) {
            String large = "{ \"model\": \"large\" }";
            assertThat(send(request(server, "/").POST(BodyPublishers.ofString(large)))
                            .body())
                    .startsWith("large ")
                    .endsWith(large);
            assertThat(send(request(server, "/").POST(BodyPublishers.ofString("{ \"model\": \"other\" }")))
                            .body())
                    .startsWith("app ");
            assertThat(send(request(server, "/")).body()).startsWith("app ");
            assertThat(send(request(server, "/").POST(BodyPublishers.ofByteArray(new byte[(1 << 20) + 1])))
                            .statusCode())
                    .isEqualTo(413);
        }
    }

    @Test
    void retryOnAnotherPeerPassesOverAPeerThatIsGone() throws Exception {
        int closed;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = socket.getLocalPort();
        }
        List<HttpPeer> peers = List.of(HttpPeer.of("127.0.0.1", closed), app);
        try (ProxyServer server = start(new RetryOnAnotherPeer(peers))) {
            for (int i = 0; i < 4; i++) {
                assertThat(send(request(server, "/")).body()).startsWith("app ");
            }
        }
    }

    @Test
    void answerLocallyAnswersWithoutAnOrigin() throws Exception {
        try (ProxyServer server = start(new HelloProxy(app), new AnswerLocally())) {
            assertThat(send(request(server, "/ping")).body()).isEqualTo("pong\n");
            assertThat(send(request(server, "/numbers")).body())
                    .startsWith("1\n2\n")
                    .endsWith("\n999999\n1000000\n")
                    .hasLineCount(1_000_000);
            assertThat(send(request(server, "/")).body()).startsWith("app ");
        }
    }

    @Test
    void limitBandwidthTakesItsTimeAndChangesNothing() throws Exception {
        // 2 MiB in at least two chunks: only the last one may come sooner than its time.
        try (ProxyServer server = start(new HelloProxy(app), new LimitBandwidth(8 << 20, System::nanoTime))) {
            long start = System.nanoTime();
            HttpResponse<byte[]> response =
                    client.send(request(server, "/large").build(), BodyHandlers.ofByteArray());
            assertThat(response.body()).isEqualTo(new byte[2 << 20]);
            assertThat(System.nanoTime() - start).isGreaterThan(100_000_000L);
        }
    }

    @Test
    void rewriteJsonBodyMasksANumberThatIsCutInTwo() throws Exception {
        try (ProxyServer server = start(new HelloProxy(app), new RewriteJsonBody())) {
            assertThat(send(request(server, "/json")).body()).isEqualTo("{ \"card\": ************3456, \"n\": \"é\" }");
            assertThat(send(request(server, "/")).body()).startsWith("app ");
            assertThatThrownBy(() -> {
                        HttpResponse<String> response = send(request(server, "/large"));
                        if (response.statusCode() == 502) {
                            throw new IOException("refused before its head");
                        }
                    })
                    .isInstanceOf(IOException.class);
        }
    }
}
