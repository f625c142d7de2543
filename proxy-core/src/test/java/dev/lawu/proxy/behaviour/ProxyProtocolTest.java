package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.TrustedProxies;
import dev.lawu.proxy.testing.SimulatedConnection;
import dev.lawu.proxy.testing.SimulatedOrigin;
import dev.lawu.proxy.testing.SimulatedProxy;
import dev.lawu.proxy.testing.Simulation;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerOptions;
import dev.lawu.proxy.upstream.ProxyProtocol;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Connections that tell the peer who the client is. */
class ProxyProtocolTest {
    private static final String GET = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
    private static final String OK = "HTTP/1.1 204 No Content\r\n\r\n";

    private static HttpPeer speaking(HttpPeer peer, ProxyProtocol version) {
        return peer.withOptions(PeerOptions.builder().proxyProtocol(version).build());
    }

    @ParameterizedTest
    @EnumSource
    void aConnectionIsOneClientsAndBeginsWithTheHeaderOnce(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(HttpProxy.of(new ToPeer(speaking(world.peer(), ProxyProtocol.V1))));
            Wire one = world.connect();
            one.send(GET);
            Wire first = world.accept();
            String header = first.until("\r\n");
            assertThat(header).matches("PROXY TCP4 \\S+ \\S+ \\d+ \\d+\r\n");
            assertThat(first.head()).startsWith("GET ");
            first.send(OK);
            one.head();
            Wire two = world.connect();
            two.send(GET);
            Wire second = world.accept();
            assertThat(second.until("\r\n")).startsWith("PROXY TCP4 ").isNotEqualTo(header);
            second.head();
            second.send(OK);
            two.head();
            one.send(GET);
            assertThat(first.head()).startsWith("GET ");
            first.send(OK);
            one.head();
            assertThat(world.accepted()).isEqualTo(2);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aClientThatLeavesTakesItsConnectionsAlong(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(HttpProxy.of(new ToPeer(speaking(world.peer(), ProxyProtocol.V1))));
            Wire one = world.connect();
            Wire two = world.connect();
            Wire[] origins = new Wire[2];
            for (int i = 0; i < 2; i++) {
                (i == 0 ? one : two).send(GET);
                origins[i] = world.accept();
                origins[i].until("\r\n\r\n");
                origins[i].send(OK);
                (i == 0 ? one : two).head();
            }
            world.await(() -> world.server().stats().upstreamIdle() == 2, () -> "two idle");
            one.close();
            assertThat(origins[0].rest()).isEmpty();
            world.await(() -> world.server().stats().upstreamIdle() == 1, () -> "one idle");
            assertThat(origins[1].isEnded()).isFalse();
            assertThat(world.server().stats().upstreamClosed()).containsEntry("client-gone", 1L);
        }
    }

    @Test
    void theHeaderHasTheClientsAddressAndWhereItArrived() {
        try (Simulation simulation = Simulation.create()) {
            SimulatedOrigin origin = simulation.listen("10.0.0.9", 9000);
            SimulatedProxy proxy = simulation.start(
                    HttpProxy.of(new ToPeer(speaking(HttpPeer.of("10.0.0.9", 9000), ProxyProtocol.V2))));
            SimulatedConnection client = simulation.connect(proxy.address()).send(GET);
            simulation.run();
            byte[] sent = origin.connection().receivedBytes();
            int port = client.localAddress().getPort();
            assertThat(sent)
                    .startsWith(
                            0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A, 0x21, 0x11, 0, 12)
                    .containsSequence(10, 0, 0, 2, 10, 0, 0, 1, port >> 8, port & 0xFF, 8080 >> 8, 8080 & 0xFF, 'G');
            origin.connection().send(OK);
            simulation.run();
            assertThat(client.received()).startsWith("HTTP/1.1 204");
        }
    }

    /** A trusted proxy in front puts many clients on one connection. */
    @Test
    void clientsOfATrustedProxyDoNotShare() {
        try (Simulation simulation = Simulation.create()) {
            SimulatedOrigin origin = simulation.listen("10.0.0.9", 9000).onConnection(connection -> {});
            ToPeer described = new ToPeer(speaking(HttpPeer.of("10.0.0.9", 9000), ProxyProtocol.V1));
            SimulatedProxy proxy = simulation.start(HttpProxy.builder(described)
                    .options(ProxyOptions.builder()
                            .trustedProxies(TrustedProxies.of("10.0.0.2/32"))
                            .build())
                    .build());
            SimulatedConnection front = simulation.connect(proxy.address());
            for (String client : List.of("192.0.2.1", "192.0.2.2", "192.0.2.1")) {
                front.send("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: " + client + "\r\n\r\n");
                simulation.run();
                origin.connections().forEach(connection -> {
                    if (connection.received().endsWith("\r\n\r\n")) {
                        connection.send(OK);
                        String text = connection.takeReceived();
                        assertThat(text.contains("PROXY ")
                                        == text.startsWith("PROXY TCP4 " + client + " 10.0.0.1 0 8080\r\n"))
                                .isTrue();
                        assertThat(text).contains("X-Forwarded-For: " + client + ", 10.0.0.2");
                    }
                });
                simulation.run();
            }
            assertThat(origin.connections()).hasSize(2);
            assertThat(front.received().split("204", -1)).hasSize(4);
        }
    }

    @Test
    void aPeerThatClosesAtTheHeaderFailsTheRequest() {
        try (Simulation simulation = Simulation.create()) {
            simulation.listen("10.0.0.9", 9000).onConnection(SimulatedConnection::reset);
            ToPeer described = new ToPeer(speaking(HttpPeer.of("10.0.0.9", 9000), ProxyProtocol.V1));
            SimulatedProxy proxy = simulation.start(HttpProxy.of(described));
            SimulatedConnection client = simulation.connect(proxy.address()).send(GET);
            simulation.run();
            assertThat(client.received()).startsWith("HTTP/1.1 502");
            simulation.assertQuiet();
        }
    }
}
