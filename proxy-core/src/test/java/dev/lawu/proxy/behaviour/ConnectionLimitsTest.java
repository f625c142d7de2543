package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.Listener;
import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.testing.SimulatedConnection;
import dev.lawu.proxy.testing.SimulatedProxy;
import dev.lawu.proxy.testing.Simulation;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How many may be connected. */
class ConnectionLimitsTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    private static HttpProxy local() {
        return new Probe(
                        session -> {
                            throw new AssertionError("no upstream is wanted");
                        },
                        session -> FilterResult.respond(LocalResponse.of(200).text("hi")))
                .proxy();
    }

    @ParameterizedTest
    @EnumSource
    void theServersLimitHoldsForAllLoopsAndIsFreedAgain(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(local(), server -> server.maxConnections(3).eventLoops(2));
            List<Wire> within = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                Wire client = world.connect();
                client.send(GET);
                client.until("hi");
                within.add(client);
            }
            Wire beyond = world.connect();
            beyond.send(GET);
            assertThat(beyond.rest()).isEmpty();
            assertThat(world.server().stats().refused()).containsOnlyKeys("max-connections");
            within.get(1).close();
            world.await(() -> world.server().stats().connections() == 2, () -> "one less");
            Wire next = world.connect();
            next.send(GET);
            next.until("hi");
        }
    }

    @ParameterizedTest
    @EnumSource
    void theLimitOfOneClientIsFreedAgain(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(local(), server -> server.maxConnectionsPerClient(2).eventLoops(2));
            Wire first = world.connect();
            first.send(GET);
            first.until("hi");
            Wire second = world.connect();
            second.send(GET);
            second.until("hi");
            Wire third = world.connect();
            third.send(GET);
            assertThat(third.rest()).isEmpty();
            assertThat(world.server().stats().refused()).containsOnlyKeys("max-connections-per-client");
            assertThat(world.server().stats().connections()).isEqualTo(2);
            first.close();
            world.await(() -> world.server().stats().connections() == 1, () -> "one less");
            Wire fourth = world.connect();
            fourth.send(GET);
            fourth.until("hi");
        }
    }

    private static boolean isServed(Simulation simulation, String from, SimulatedProxy proxy, int port) {
        SimulatedConnection client = simulation.connect(
                from,
                proxy.server().addresses().stream()
                        .map(InetSocketAddress.class::cast)
                        .filter(address -> address.getPort() == port)
                        .findFirst()
                        .orElseThrow());
        client.send(GET);
        simulation.run();
        return client.received().endsWith("hi");
    }

    @Test
    void oneNetworkOfIpv6IsOneClient() {
        try (Simulation simulation = Simulation.create()) {
            SimulatedProxy proxy = simulation.start(
                    local(),
                    server -> server.listen("10.0.0.1", 80).eventLoops(3).maxConnectionsPerClient(2));
            assertThat(isServed(simulation, "2001:db8:0:1::1", proxy, 80)).isTrue();
            assertThat(isServed(simulation, "2001:db8:0:1:ffff::2", proxy, 80)).isTrue();
            assertThat(isServed(simulation, "2001:db8:0:1:1234::3", proxy, 80)).isFalse();
            assertThat(isServed(simulation, "2001:db8:0:2::1", proxy, 80)).isTrue();
            assertThat(isServed(simulation, "10.0.0.9", proxy, 80)).isTrue();
            assertThat(isServed(simulation, "10.0.0.9", proxy, 80)).isTrue();
            assertThat(isServed(simulation, "10.0.0.9", proxy, 80)).isFalse();
            assertThat(isServed(simulation, "10.0.0.10", proxy, 80)).isTrue();
            simulation.assertQuiet();
        }
    }

    @Test
    void aListenerMayHaveFewerThanTheServer() {
        try (Simulation simulation = Simulation.create()) {
            SimulatedProxy proxy = simulation.start(
                    local(),
                    server -> server.listen(
                                    Listener.tcp("10.0.0.1", 80).name("small").maxConnections(1))
                            .listen("10.0.0.1", 81));
            assertThat(isServed(simulation, "10.0.0.2", proxy, 80)).isTrue();
            assertThat(isServed(simulation, "10.0.0.3", proxy, 80)).isFalse();
            assertThat(isServed(simulation, "10.0.0.2", proxy, 81)).isTrue();
            assertThat(isServed(simulation, "10.0.0.2", proxy, 81)).isTrue();
            assertThat(proxy.stats().refused()).containsOnlyKeys("max-connections-of-listener");
            assertThat(proxy.stats().connections()).isEqualTo(3);
            simulation.assertQuiet();
        }
    }
}
