package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.metrics.RequestMetrics;
import dev.lawu.proxy.metrics.ServerMetrics;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a registry knows afterwards. */
class MetricsTest {
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

    private HttpProxy measured(World world) {
        return HttpProxy.builder(new Probe(world.peer()))
                .filter(new RequestMetrics(registry))
                .build();
    }

    private double gauge(String name, String... tags) {
        return registry.get(name).tags(tags).gauge().value();
    }

    private double counter(String name, String... tags) {
        return registry.get(name).tags(tags).functionCounter().count();
    }

    @ParameterizedTest
    @EnumSource
    void requestsAreCountedByWhatTheyCameTo(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(measured(world));
            new ServerMetrics(world.server()).bindTo(registry);
            assertThat(gauge("lawu.server.ready")).isEqualTo(1);
            Wire client = world.connect();
            client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
            Wire origin = world.accept();
            origin.until("hello");
            assertThat(gauge("lawu.exchanges")).isEqualTo(1);
            assertThat(gauge("lawu.upstream.connections", "state", "active")).isEqualTo(1);
            origin.send("HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nyes");
            client.until("yes");
            client.send("BREW /x HTTP/1.1\r\nHost: a\r\n\r\n");
            origin.until("BREW");
            origin.send("HTTP/1.1 418 No\r\nContent-Length: 0\r\n\r\n");
            client.head();
            world.awaitQuiet();
            var created = registry.get("lawu.requests")
                    .tags("method", "POST", "status", "2xx", "protocol", "HTTP/1.1")
                    .timer();
            assertThat(created.count()).isEqualTo(1);
            assertThat(registry.get("lawu.requests")
                            .tags("method", "OTHER", "status", "4xx")
                            .timer()
                            .count())
                    .isEqualTo(1);
            assertThat(registry.get("lawu.request.bytes").counter().count()).isEqualTo(5);
            assertThat(registry.get("lawu.response.bytes").counter().count()).isEqualTo(3);
            assertThat(registry.get("lawu.retries").counter().count()).isZero();
            assertThat(registry.get("lawu.request.phase")
                            .tag("phase", "upstream")
                            .timer()
                            .count())
                    .isEqualTo(2);
            assertThat(gauge("lawu.exchanges")).isZero();
            assertThat(gauge("lawu.connections")).isEqualTo(1);
            assertThat(gauge("lawu.upstream.connections", "state", "idle")).isEqualTo(1);
            assertThat(counter("lawu.upstream.connects")).isEqualTo(1);
            assertThat(counter("lawu.upstream.reuses")).isEqualTo(1);
            assertThat(gauge("lawu.memory.direct")).isPositive();
        }
        assertThat(gauge("lawu.server.ready")).isZero();
        assertThat(gauge("lawu.event.loop.lag")).isNotNegative(); // though its loops are gone
    }

    @ParameterizedTest
    @EnumSource
    void failuresRetriesAndRefusalsAreCounted(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(measured(world));
            new ServerMetrics(world.server()).bindTo(registry);
            Wire bad = world.connect();
            bad.send("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
            bad.rest();
            gauge("lawu.connections");
            double refused = registry.get("lawu.refused").functionCounters().stream()
                    .mapToDouble(c -> c.count())
                    .sum();
            assertThat(refused).isEqualTo(1);
            assertThat(registry.find("lawu.requests").timers()).isEmpty();
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire first = world.accept();
            first.head();
            first.send("HTTP/1.1 204 No Content\r\n\r\n");
            client.head();
            client.send("GET /again HTTP/1.1\r\nHost: a\r\n\r\n");
            first.head();
            first.close(); // a pooled connection that dies before a byte came: sent again on another
            Wire second = world.accept();
            second.head();
            second.send("not HTTP\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 502 ");
            world.awaitQuiet();
            assertThat(registry.get("lawu.retries").counter().count()).isEqualTo(1);
            assertThat(registry.get("lawu.errors")
                            .tags("type", "protocol", "source", "upstream")
                            .counter()
                            .count())
                    .isEqualTo(1);
            assertThat(registry.get("lawu.requests")
                            .tags("method", "GET", "status", "5xx")
                            .timer()
                            .count())
                    .isEqualTo(1);
        }
    }

    @Test
    void timesAreThoseOfTheTimeline() {
        try (World world = World.Kind.SIMULATED.create()) {
            world.start(measured(world));
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            world.elapse(Duration.ofMillis(300));
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
            client.head();
            world.elapse(Duration.ofMillis(200));
            origin.send("ok");
            client.until("ok");
            world.awaitQuiet();
            var all = registry.get("lawu.requests").timer();
            assertThat(all.totalTime(TimeUnit.MILLISECONDS)).isBetween(500.0, 501.0);
            var upstream =
                    registry.get("lawu.request.phase").tag("phase", "upstream").timer();
            assertThat(upstream.totalTime(TimeUnit.MILLISECONDS)).isBetween(300.0, 301.0);
            var response =
                    registry.get("lawu.request.phase").tag("phase", "response").timer();
            assertThat(response.totalTime(TimeUnit.MILLISECONDS)).isBetween(200.0, 201.0);
        }
    }

    /** Methods, targets and hosts that clients think up make no meters. */
    @Test
    void clientsCannotMakeMeters() {
        try (World world = World.Kind.SIMULATED.create()) {
            world.start(measured(world));
            new ServerMetrics(world.server()).bindTo(registry);
            Wire client = world.connect();
            Wire origin = null;
            long meters = 0;
            for (int i = 0; i < 50; i++) {
                client.send("M" + i + " /" + i + " HTTP/1.1\r\nHost: h" + i + "\r\n\r\n");
                if (origin == null) {
                    origin = world.accept();
                }
                origin.head();
                origin.send("HTTP/1.1 20" + i % 3 + " OK\r\nContent-Length: 0\r\n\r\n");
                client.head();
                world.awaitQuiet();
                long now = registry.getMeters().stream()
                        .map(Meter::getId)
                        .distinct()
                        .count();
                if (i > 0) {
                    assertThat(now).isEqualTo(meters);
                }
                meters = now;
            }
            world.elapse(Duration.ofSeconds(1));
        }
    }
}
