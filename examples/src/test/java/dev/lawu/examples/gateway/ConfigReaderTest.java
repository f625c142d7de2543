package dev.lawu.examples.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lawu.examples.gateway.GatewayConfig.Route;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.ProxyOptions.ForwardingFields;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigReaderTest {
    private static final String SMALLEST = """
            listeners: [{ address: "127.0.0.1:8080" }]
            upstreams: { app: { peers: ["127.0.0.1:9000"] } }
            routes: [{ match: { path-prefix: / }, upstream: app }]
            """;

    @TempDir
    private Path directory;

    private GatewayConfig read(String text, Map<String, String> environment) throws ConfigException, IOException {
        Path file = directory.resolve("gateway.yaml");
        Files.writeString(file, text);
        return ConfigReader.read(file, environment);
    }

    private GatewayConfig read(String text) throws ConfigException, IOException {
        return read(text, Map.of());
    }

    @Test
    void theSmallestFileHasTheLibrarysDefaults() throws Exception {
        GatewayConfig config = read(SMALLEST);
        assertThat(config.listeners()).singleElement().hasToString("/127.0.0.1:8080");
        assertThat(config.server().eventLoops()).isEqualTo(Runtime.getRuntime().availableProcessors());
        assertThat(config.server().maxConnections()).isEqualTo(65_536);
        assertThat(config.server().drainTimeout()).hasSeconds(30);
        assertThat(config.accessLog()).isTrue();
        Route route = config.routes().get(0);
        assertThat(route.match()).isEqualTo(RouteMatch.ALL);
        assertThat(route.upstream().peers()).containsExactly(HttpPeer.of("127.0.0.1", 9000));
        assertThat(config.options().maxHead()).isEqualTo(ProxyOptions.DEFAULTS.maxHead());
        assertThat(config.options().keepAliveTimeout()).isEqualTo(ProxyOptions.DEFAULTS.keepAliveTimeout());
    }

    @Test
    void everyKeyReachesWhatItSets() throws Exception {
        GatewayConfig config = read("""
                server: { event-loops: 2, backlog: 10, max-connections: 100, drain-timeout: 0s }
                listeners:
                  - address: 127.0.0.1:8080
                    protocols: [http/1.1]
                  - address: "[::1]:0"
                upstreams:
                  app:
                    peers: [app.internal:9000, "[::1]:9001"]
                    protocol: http/1.1
                    balance: round-robin
                    connect-timeout: 1s
                    response-head-timeout: 2s
                    between-bytes-timeout: 3s
                    write-stall-timeout: 4s
                    idle-timeout: 5s
                    tunnel-idle-timeout: 6m
                    max-idle: 7
                    max-connections: 8
                routes:
                  - match: { host: Example.COM., exact: /%61%2f }
                    upstream: app
                  - match: { host: "*.example.com" }
                    upstream: app
                limits:
                  max-start-line: 4KiB
                  max-head: 16KiB
                  max-fields: 50
                  max-trailers: 1024
                  max-requests-per-connection: 9
                  max-attempts: 2
                  replay-buffer: 1MiB
                timeouts: { head-read: 11s, body-idle: 12s, keep-alive: 13s, write-stall: 14s }
                trusted-proxies: [10.0.0.0/8, "::1"]
                forwarding-fields: x-forwarded
                via: edge
                upgrades: [WebSocket]
                half-close: true
                allow-connect: true
                access-log: false
                """);
        assertThat(config.server()).isEqualTo(new GatewayConfig.Server(2, 10, 100, Duration.ZERO));
        assertThat(config.listeners()).hasSize(2);
        assertThat(config.listeners().get(1).getAddress().isLoopbackAddress()).isTrue();
        PeerOptions options = PeerOptions.builder()
                .connectTimeout(Duration.ofSeconds(1))
                .responseHeadTimeout(Duration.ofSeconds(2))
                .betweenBytesTimeout(Duration.ofSeconds(3))
                .writeStallTimeout(Duration.ofSeconds(4))
                .idleTimeout(Duration.ofSeconds(5))
                .tunnelIdleTimeout(Duration.ofMinutes(6))
                .maxIdlePerLoop(7)
                .maxConnectionsPerPeer(8)
                .build();
        assertThat(config.routes().get(0).upstream().peers())
                .containsExactly(
                        HttpPeer.of("app.internal", 9000).withOptions(options),
                        HttpPeer.of("::1", 9001).withOptions(options));
        assertThat(config.routes().get(0).match()).isEqualTo(new RouteMatch("example.com", "/a%2F", true));
        assertThat(config.routes().get(1).match()).isEqualTo(new RouteMatch("*.example.com", "/", false));
        ProxyOptions proxy = config.options();
        assertThat(proxy.maxStartLine()).isEqualTo(4096);
        assertThat(proxy.maxHead()).isEqualTo(16_384);
        assertThat(proxy.maxFields()).isEqualTo(50);
        assertThat(proxy.maxTrailers()).isEqualTo(1024);
        assertThat(proxy.maxRequestsPerConnection()).isEqualTo(9);
        assertThat(proxy.maxAttempts()).isEqualTo(2);
        assertThat(proxy.replayBuffer()).isEqualTo(1 << 20);
        assertThat(proxy.headReadTimeout()).hasSeconds(11);
        assertThat(proxy.bodyIdleTimeout()).hasSeconds(12);
        assertThat(proxy.keepAliveTimeout()).hasSeconds(13);
        assertThat(proxy.writeStallTimeout()).hasSeconds(14);
        assertThat(proxy.trustedProxies().contains(InetAddress.getByName("10.1.2.3")))
                .isTrue();
        assertThat(proxy.forwardingFields()).isEqualTo(ForwardingFields.X_FORWARDED);
        assertThat(proxy.via()).isEqualTo("edge");
        assertThat(proxy.upgrades()).containsExactly("websocket");
        assertThat(proxy.halfClose()).isTrue();
        assertThat(proxy.allowConnect()).isTrue();
        assertThat(config.accessLog()).isFalse();
    }

    /** The file checks ranges itself, to name its own keys; here the library has to agree with it. */
    @Test
    void theEndsOfEveryRangeAreAccepted() throws Exception {
        String least = """
                server: { event-loops: 1, backlog: 1, max-connections: 1, drain-timeout: 0ms }
                limits: { max-start-line: 64, max-head: 256, max-fields: 1, max-trailers: 64B, max-requests-per-connection: 1, max-attempts: 1, replay-buffer: 0 }
                timeouts: { head-read: 1ms, body-idle: 1ms, keep-alive: 1ms, write-stall: 1ms }
                """;
        String most = """
                server: { event-loops: 1024, backlog: 65535, max-connections: 2147483647, drain-timeout: 24h }
                limits: { max-start-line: 1MiB, max-head: 1MiB, max-fields: 10000, max-trailers: 1MiB, max-requests-per-connection: 2147483647, max-attempts: 100, replay-buffer: 16MiB }
                timeouts: { head-read: 24h, body-idle: 24h, keep-alive: 24h, write-stall: 24h }
                """;
        for (String ends : List.of(least, most)) {
            assertThat(read(SMALLEST + ends).routes()).hasSize(1);
        }
    }

    @Test
    void variablesAndFilesAreFilledIn() throws Exception {
        Files.writeString(directory.resolve("port"), "9001\n");
        GatewayConfig config = read("""
                listeners: [{ address: "${HOST}:${PORT}" }]
                upstreams: { app: { peers: ["127.0.0.1:${file:port}"], max-idle: "${IDLE}" } }
                routes: [{ match: { path-prefix: "/$${x" }, upstream: app }]
                """, Map.of("HOST", "127.0.0.1", "PORT", "8081", "IDLE", "3"));
        assertThat(config.listeners()).singleElement().hasToString("/127.0.0.1:8081");
        HttpPeer peer = config.routes().get(0).upstream().peers().get(0);
        assertThat(peer).hasToString("127.0.0.1:9001");
        assertThat(peer.options().maxIdlePerLoop()).isEqualTo(3);
        assertThat(config.routes().get(0).match().path()).isEqualTo("/${x");
    }

    @Test
    void whatAReferenceStandsForIsNotShown() throws Exception {
        Files.writeString(directory.resolve("secret"), "hunter2");
        ConfigException e = failure("via: \"${file:secret} ${ENV}\"", Map.of("ENV", "swordfish"));
        assertThat(e).hasMessageContaining("${file:secret} ${ENV}").hasMessageContaining("not shown");
        assertThat(e.getMessage()).doesNotContain("hunter2").doesNotContain("swordfish");
    }

    @Test
    void allProblemsAreToldAtOnceInTheOrderOfTheirLines() {
        ConfigException e = catchThrowableOfType(ConfigException.class, () -> read("""
                        server:
                          event-lops: 1
                        listeners:
                          - address: 127.0.0.1
                            protocols: [http/1.1, h2]
                        upstreams:
                          app: { peers: ["127.0.0.1:9000"], connect-timeout: 5 secs }
                        routes:
                          - match: { path-prefix: /, host: example.com:80 }
                            upstream: ap
                        """));
        assertThat(e.problems()).extracting(ConfigProblem::line).containsExactly(2, 4, 5, 7, 9, 10);
        assertThat(e.problems())
                .extracting(ConfigProblem::key)
                .containsExactly(
                        "server.event-lops",
                        "listeners[0].address",
                        "listeners[0].protocols[1]",
                        "upstreams.app.connect-timeout",
                        "routes[0].match.host",
                        "routes[0].upstream");
        assertThat(e.problems().get(0))
                .hasToString(
                        directory.resolve("gateway.yaml")
                                + ":2: server.event-lops: found an unknown key (expected: one of event-loops, backlog, max-connections, drain-timeout; did you mean \"event-loops\"?)");
        assertThat(e.getMessage().lines()).hasSize(6);
    }

    @Test
    void aFileThatIsNotThereIsSaidSo() {
        assertThatThrownBy(() -> ConfigReader.read(directory.resolve("none.yaml"), Map.of()))
                .isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void bytesThatAreNoTextAreAProblem() throws Exception {
        Path file = directory.resolve("gateway.yaml");
        Files.write(file, "a: \u00e9".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> ConfigReader.read(file, Map.of()))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("no UTF-8");
    }

    @Test
    void tenThousandRoutesAreRead() throws Exception {
        StringBuilder text = new StringBuilder(SMALLEST.substring(0, SMALLEST.indexOf("routes:")));
        text.append("routes:\n");
        for (int i = 0; i < 10_000; i++) {
            text.append("  - match: { host: h").append(i).append(".example.com }\n    upstream: app\n");
        }
        assertThat(read(text.toString()).routes()).hasSize(10_000);
    }

    private ConfigException failure(String more, Map<String, String> environment) {
        return catchThrowableOfType(ConfigException.class, () -> read(SMALLEST + more, environment));
    }
}
