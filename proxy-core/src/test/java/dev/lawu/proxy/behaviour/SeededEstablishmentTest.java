package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.testing.SimulatedConnection;
import dev.lawu.proxy.testing.SimulatedOrigin;
import dev.lawu.proxy.testing.SimulatedProxy;
import dev.lawu.proxy.testing.Simulation;
import dev.lawu.proxy.upstream.ConnectProxy;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerOptions;
import dev.lawu.proxy.upstream.ProxyProtocol;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Races, tunnels and headers among faults of every kind: whatever happens, every request is answered or its client is told, each client gets its own answer, and nothing is left. */
class SeededEstablishmentTest {
    private static final Pattern FOR = Pattern.compile("for ([0-9.]+:[0-9]+)!");

    private static final HttpPeer PEER = HttpPeer.of("app.test", 9000)
            .withOptions(PeerOptions.builder()
                    .proxy(ConnectProxy.of("proxy.test", 3128))
                    .proxyProtocol(ProxyProtocol.V1)
                    .connectAttemptDelay(Duration.ofMillis(20))
                    .build());

    private long answers;

    /** A CONNECT proxy that is also the peer behind itself: it answers each request with what the PROXY header said of the client. */
    private static void serve(SimulatedConnection connection) {
        StringBuilder text = new StringBuilder();
        String[] client = new String[1];
        connection.onReceived(bytes -> {
            connection.takeReceived().chars().forEach(c -> text.append((char) c));
            for (int end = text.indexOf("\r\n"); end >= 0; end = text.indexOf("\r\n")) {
                String line = text.substring(0, end);
                if (line.startsWith("PROXY ")) {
                    client[0] = line.split(" ")[2] + ":" + line.split(" ")[4];
                    text.delete(0, end + 2);
                    continue;
                }
                int head = text.indexOf("\r\n\r\n");
                if (head < 0 || !connection.isOpen()) {
                    return;
                }
                text.delete(0, head + 4);
                if (line.startsWith("CONNECT ")) {
                    connection.send("HTTP/1.1 200 OK\r\n\r\n");
                } else {
                    connection.send(SimulatedOrigin.response(200, "for " + client[0] + "!"));
                }
            }
        });
    }

    @Test
    void everyClientGetsItsOwnAnswer() {
        Simulation.explore(150, simulation -> {
            RandomGenerator random = simulation.randomSource().create();
            simulation
                    .network()
                    .latency(Duration.ZERO, Duration.ofMillis(60))
                    .splitWrites(40)
                    .resets(0.1, 300)
                    .halfCloses(0.1, 300);
            for (String address : List.of("10.0.0.5", "2001:db8::5", "10.0.0.6", "10.0.0.7")) {
                simulation.name("proxy.test", address);
                SimulatedOrigin origin = simulation.listen(address, 3128).onConnection(SeededEstablishmentTest::serve);
                switch (random.nextInt(5)) {
                    case 0 -> origin.blackhole();
                    case 1 -> origin.refuse();
                    case 2 -> origin.connectDelay(Duration.ofMillis(random.nextInt(100)));
                    default -> origin.accept();
                }
            }
            SimulatedProxy proxy = simulation.start(HttpProxy.of(new ToPeer(PEER)), settings -> settings.eventLoops(2));
            List<SimulatedConnection> clients = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                clients.add(simulation.connect("10.0.1." + i, proxy.address()));
            }
            Set<SimulatedConnection> gone = new HashSet<>();
            for (int round = 0; round < 3; round++) {
                for (SimulatedConnection client : clients) {
                    if (!gone.contains(client) && client.isOpen() && !client.isClosedByPeer() && !client.isReset()) {
                        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
                        if (random.nextInt(8) == 0) {
                            client.close();
                            gone.add(client);
                        }
                    }
                }
                simulation.advance(Duration.ofMillis(random.nextInt(400)));
            }
            simulation.advance(Duration.ofSeconds(300));
            for (SimulatedConnection client : clients) {
                String own = client.localAddress().getAddress().getHostAddress() + ":"
                        + client.localAddress().getPort();
                assertThat(FOR.matcher(client.received()).results())
                        .allSatisfy(found -> assertThat(found.group(1)).isEqualTo(own));
                answers += FOR.matcher(client.received()).results().count();
            }
            assertThat(proxy.stats().exchanges()).isZero();
            assertThat(proxy.stats().upstreamActive()).isZero();
        });
        assertThat(answers).isGreaterThan(1000); // most of 2700 are answered, or this shows little
    }
}
