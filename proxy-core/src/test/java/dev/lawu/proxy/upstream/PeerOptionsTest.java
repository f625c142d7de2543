package dev.lawu.proxy.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lawu.proxy.http.DataRate;
import java.lang.reflect.Method;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What peers share connections, and what their options allow. */
class PeerOptionsTest {
    /** What holds for one request. Every other option must be part of the key: a new one is, unless it is named here. */
    private static final Set<String> OF_ATTEMPTS = Set.of(
            "attemptTimeout",
            "responseHeadTimeout",
            "betweenBytesTimeout",
            "writeStallTimeout",
            "minRequestBodyRate",
            "minResponseRate",
            "tunnelIdleTimeout");

    private static final HttpPeer PEER = HttpPeer.of("origin", 9000);

    private static Stream<Method> setters() {
        return Arrays.stream(PeerOptions.Builder.class.getMethods())
                .filter(method -> method.getReturnType() == PeerOptions.Builder.class);
    }

    /** A value that is not the default. */
    private static Object other(Class<?> type, Object value) {
        if (type == Duration.class) {
            return ((Duration) value).plusSeconds(1);
        } else if (type == int.class) {
            return (int) value + 1;
        } else if (type == boolean.class) {
            return !(boolean) value;
        }
        return Map.of(
                        String.class,
                        "other",
                        DataRate.class,
                        new DataRate(1, Duration.ofSeconds(1)),
                        InetAddress.class,
                        InetAddress.getLoopbackAddress(),
                        TcpKeepAlive.class,
                        TcpKeepAlive.of(Duration.ofSeconds(1), Duration.ofSeconds(1), 1),
                        ConnectProxy.class,
                        ConnectProxy.of("proxy", 3128),
                        ProxyProtocol.class,
                        ProxyProtocol.V2)
                .get(type);
    }

    private static PeerOptions changed(Method setter) throws ReflectiveOperationException {
        Class<?> type = setter.getParameterTypes()[0];
        Object value = PeerOptions.class.getMethod(setter.getName()).invoke(PeerOptions.DEFAULTS);
        PeerOptions.Builder builder = PeerOptions.builder();
        setter.invoke(builder, other(type, value));
        return builder.build();
    }

    @ParameterizedTest
    @MethodSource("setters")
    void everySettingOfConnectionsIsPartOfTheKeyAndNoneOfAttempts(Method setter) throws ReflectiveOperationException {
        PeerOptions changed = changed(setter);
        assertThat(PeerOptions.class.getMethod(setter.getName()).invoke(changed))
                .isNotEqualTo(PeerOptions.class.getMethod(setter.getName()).invoke(PeerOptions.DEFAULTS));
        assertThat(changed).isNotEqualTo(PeerOptions.DEFAULTS);
        assertThat(changed).isEqualTo(changed.toBuilder().build()).hasSameHashCodeAs(changed(setter));
        assertThat(changed.toString()).contains(setter.getName());

        HttpPeer peer = PEER.withOptions(changed);
        assertThat(peer).isNotEqualTo(PEER);
        assertThat(peer.poolKey().equals(PEER.poolKey()))
                .as("shares connections")
                .isEqualTo(OF_ATTEMPTS.contains(setter.getName()));
    }

    @Test
    void everyOptionHasASetter() {
        assertThat(setters().map(Method::getName))
                .containsAll(OF_ATTEMPTS)
                .hasSameSizeAs(PeerOptions.Builder.class.getDeclaredFields());
        assertThat(PeerOptions.Builder.class.getDeclaredFields())
                .allSatisfy(field -> assertThat(setters().map(Method::getName)).contains(field.getName()));
    }

    @Test
    void theAddressIsPartOfTheKeyAndTheHostFieldIsNot() {
        assertThat(HttpPeer.of("other", 9000).poolKey()).isNotEqualTo(PEER.poolKey());
        assertThat(HttpPeer.of("origin", 9001).poolKey()).isNotEqualTo(PEER.poolKey());
        assertThat(HttpPeer.unix("/a").poolKey())
                .isNotEqualTo(HttpPeer.unix("/b").poolKey())
                .isEqualTo(HttpPeer.unix("/a").poolKey());
        HttpPeer named = PEER.withHost("example.com");
        assertThat(named)
                .isNotEqualTo(PEER)
                .isEqualTo(HttpPeer.of("origin", 9000).withHost("example.com"));
        assertThat(named.poolKey()).isEqualTo(PEER.poolKey()).hasSameHashCodeAs(PEER.poolKey());
    }

    @Test
    void aClientsOwnConnectionsAreNobodyElses() {
        InetSocketAddress here = InetSocketAddress.createUnresolved("here", 1);
        InetSocketAddress one = InetSocketAddress.createUnresolved("one", 1);
        InetSocketAddress two = InetSocketAddress.createUnresolved("two", 1);
        PoolKey key = PEER.poolKey().forClient(one, here);
        assertThat(key).isEqualTo(PEER.poolKey().forClient(one, here)).isNotEqualTo(PEER.poolKey());
        assertThat(key).isNotEqualTo(PEER.poolKey().forClient(two, here));
        assertThat(key).isNotEqualTo(PEER.poolKey().forClient(one, two));
    }

    @Test
    void aValueOutOfRangeIsRefusedWithWhatIsExpected() {
        PeerOptions.Builder builder = PeerOptions.builder();
        Map<String, Runnable> wrong = new HashMap<>();
        wrong.put("connectTimeout: PT0S (expected: PT0.001S..PT24H)", () -> builder.connectTimeout(Duration.ZERO));
        wrong.put("maxAge: PT24H1S (expected: PT0.001S..PT24H)", () -> builder.maxAge(Duration.ofSeconds(86_401)));
        wrong.put(
                "tcpUserTimeout: PT-1S (expected: PT0.001S..PT24H)",
                () -> builder.tcpUserTimeout(Duration.ofSeconds(-1)));
        wrong.put("dscp: 64 (expected: 0..63)", () -> builder.dscp(64));
        wrong.put("maxConnectionsPerPeer: 0 (expected: 1..65536)", () -> builder.maxConnectionsPerPeer(0));
        wrong.put("maxWaiting: -1 (expected: 0..65536)", () -> builder.maxWaiting(-1));
        wrong.put(
                "count: 0 (expected: 1..127)", () -> TcpKeepAlive.of(Duration.ofSeconds(1), Duration.ofSeconds(1), 0));
        wrong.put(
                "idle: PT1.5S (expected: whole seconds, 1..32767)",
                () -> TcpKeepAlive.of(Duration.ofMillis(1500), Duration.ofSeconds(1), 1));
        wrong.put("port: 0 (expected: 1..65535)", () -> ConnectProxy.of("a", 0));
        wrong.put("host: \"a b\" (expected: HOST or HOST:PORT)", () -> PEER.withHost("a b"));
        wrong.put("path: \"\" (expected: 1..103 bytes without NUL)", () -> HttpPeer.unix(""));
        wrong.forEach((message, call) -> assertThatThrownBy(call::run)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message));
    }

    @Test
    void aProxysSecretsAreNotInItsText() {
        ConnectProxy proxy = ConnectProxy.of("::1", 3128).withHeader("Proxy-Authorization", "Basic secret");
        assertThat(proxy).hasToString("[::1]:3128").isNotEqualTo(ConnectProxy.of("::1", 3128));
        assertThat(proxy.withHeader("proxy-authorization", "x").headers())
                .containsExactly(Map.entry("proxy-authorization", "x"));
        assertThat(PeerOptions.builder().proxy(proxy).build().toString()).doesNotContain("secret");
        assertThatThrownBy(() -> proxy.withHeader("Host", "x")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void peersAreReadFromText() {
        assertThat(HttpPeer.parse("[::1]:80")).isEqualTo(HttpPeer.of("::1", 80)).hasToString("[::1]:80");
        assertThat(HttpPeer.parse("unix:/run/app.sock"))
                .isEqualTo(HttpPeer.unix("/run/app.sock"))
                .hasToString("unix:/run/app.sock");
        assertThatThrownBy(() -> HttpPeer.parse("unix:")).hasMessageContaining("unix:PATH");
        assertThatThrownBy(() -> HttpPeer.unix("/run/" + (char) 0xD800)) // no file system can encode that
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("(expected: a path of this platform; ");
    }
}
