package dev.lawu.examples.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.Timings;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AccessLogTest {
    private final AccessLog log =
            new AccessLog(Clock.fixed(Instant.parse("2026-11-22T10:15:30.9Z"), ZoneOffset.UTC), () -> 3_000_000L);
    private final Map<String, Object> session = new HashMap<>();

    private AccessLogTest() throws Exception {
        session.put("request", RequestHead.of("GET", "/a?b", "Host", "x", "User-Agent", "curl/8"));
        session.put("response", ResponseHead.of(200));
        session.put("clientAddress", new InetSocketAddress(InetAddress.getByName("192.0.2.1"), 1234));
        session.put("responseBodyBytes", 612L);
        session.put("timings", new Timings(0, 0, 0, 0, 0, 0, 4_499_999));
    }

    /** What the log reads of a session, by the names of its methods. */
    private static <T> T fake(Class<T> type, Map<String, Object> values) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (proxy, method, arguments) -> values.get(method.getName())));
    }

    private String line(ProxyException error) {
        return log.line(fake(Session.class, session), error, 1_000_000L);
    }

    @Test
    void aLineIsInTheCombinedFormatWithUpstreamAndTimes() {
        session.put(
                "attempt",
                fake(
                        UpstreamAttempt.class,
                        Map.of(
                                "peer",
                                HttpPeer.of("127.0.0.1", 9000),
                                "number",
                                2,
                                "connectNanos",
                                1_000_000L,
                                "responseHeadNanos",
                                2_103_500_000L)));
        assertThat(line(null))
                .isEqualTo("192.0.2.1 - - [22/Nov/2026:10:15:30 +0000] \"GET /a?b HTTP/1.1\" 200 612 \"-\" \"curl/8\""
                        + " upstream=127.0.0.1:9000 attempts=2 time=0.004 connect=0.001 head=2.104 error=-");
    }

    @Test
    void aClientThatLeavesIs499() {
        session.remove("response");
        session.put("responseBodyBytes", 0L);
        session.put("timings", new Timings(5_000_000, 0, 0, 0, 0, 0, -1));
        assertThat(line(ProxyException.downstream(ErrorType.CONNECTION_CLOSED, "closed")))
                .endsWith(
                        "\" 499 0 \"-\" \"curl/8\" upstream=- attempts=0 time=0.007 connect=- head=- error=downstream:CONNECTION_CLOSED");
    }

    @Test
    void noValueCanEndAFieldOrBeginALine() {
        session.put(
                "request",
                RequestHead.of("GET", "/\"", "Host", "x", "Referer", "\" 200 \\ \t \u00e9", "User-Agent", "a"));
        assertThat(line(null)).contains("\"GET /\\x22 HTTP/1.1\" 200 612 \"\\x22 200 \\x5c \\x09 \\xe9\" \"a\"");
    }
}
