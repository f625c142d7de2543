package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.RetryDecision;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.testing.SimulatedConnection;
import dev.lawu.proxy.testing.SimulatedOrigin;
import dev.lawu.proxy.testing.SimulatedProxy;
import dev.lawu.proxy.testing.Simulation;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Uploads that are kept in files, over a network that breaks anywhere: a body that an origin takes for whole is the client's. */
class ReplayRacesTest {
    private static final int CHUNK = 10_000;
    private static final int CHUNKS = 40;

    @TempDir
    Path directory;

    private final String body = Bodies.pattern(CHUNK * CHUNKS);
    private int wrong;
    private int givenAgain;

    private static String decoded(String request) {
        StringBuilder data = new StringBuilder();
        int at = request.indexOf("\r\n\r\n") + 4;
        while (true) {
            int end = request.indexOf("\r\n", at);
            int size = Integer.parseInt(request.substring(at, end), 16);
            if (size == 0) {
                return data.toString();
            }
            data.append(request, end + 2, end + 2 + size);
            at = end + 2 + size + 2;
        }
    }

    private void upload(Simulation simulation, Path files) {
        simulation.network().resets(0.35, 900_000).latency(Duration.ZERO, Duration.ofMillis(20));
        SimulatedOrigin origin = simulation.listen("10.0.0.9", 9000).answer(request -> {
            wrong += decoded(request).equals(body) ? 0 : 1;
            return SimulatedOrigin.response(200, "ok");
        });
        SimulatedProxy proxy = simulation.start(HttpProxy.builder(new ToPeer(HttpPeer.of("10.0.0.9", 9000)) {
                    @Override
                    public RetryDecision errorWhileProxy(
                            Session session, UpstreamAttempt attempt, ProxyException error, Object state) {
                        return RetryDecision.retry();
                    }

                    @Override
                    public boolean suppressErrorLog(Session session, ProxyException error, Object state) {
                        return true;
                    }
                })
                .options(ProxyOptions.builder()
                        .maxAttempts(10)
                        .replayFile(1 << 20, 1 << 20, files)
                        .build())
                .build());
        SimulatedConnection client = simulation.connect(proxy.address());
        client.send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (int i = 0; i < CHUNKS; i++) {
            client.send(Integer.toHexString(CHUNK) + "\r\n" + body.substring(i * CHUNK, (i + 1) * CHUNK) + "\r\n");
        }
        client.send("0\r\n\r\n");
        simulation.advance(Duration.ofSeconds(100));
        assertThat(wrong).isZero();
        boolean answered = client.received().startsWith("HTTP/1.1 200 OK\r\n");
        assertThat(answered
                        || client.isReset()
                        || client.isClosedByPeer()
                        || client.received().startsWith("HTTP/1.1 50"))
                .as("an end: <" + client.received() + ">")
                .isTrue();
        givenAgain += answered && origin.connections().size() > 1 ? 1 : 0;
        client.close();
        simulation.advance(Duration.ofSeconds(1));
        assertThat(proxy.server().stats().replayFileBytes()).isZero();
    }

    @Test
    void aBodyThatIsTakenForWholeIsTheClients() {
        Simulation.explore(60, simulation -> upload(simulation, directory));
        assertThat(givenAgain).as("uploads that went well the second time").isGreaterThan(5);
    }

    @Test
    void evenIfTheDiskFails() {
        FaultyDisk full = new FaultyDisk(directory, 250_000, Long.MAX_VALUE);
        Simulation.explore(30, simulation -> upload(simulation, full.directory()));
        FaultyDisk broken = new FaultyDisk(directory, Long.MAX_VALUE, 200_000);
        Simulation.explore(30, simulation -> upload(simulation, broken.directory()));
        assertThat(full.open() + broken.open()).isZero();
    }
}
