package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.testing.SimulatedConnection;
import dev.lawu.proxy.testing.SimulatedOrigin;
import dev.lawu.proxy.testing.SimulatedProxy;
import dev.lawu.proxy.testing.Simulation;
import dev.lawu.proxy.upstream.HttpPeer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A head and a small body are one send, also if the body comes a moment after its head. What one send sends arrives as one piece. */
class HeldHeadTest {
    private static final String SMALL = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";

    private final Simulation simulation = Simulation.create();
    private final List<String> pieces = new ArrayList<>();
    private final Probe probe = new Probe(HttpPeer.of("10.0.0.9", 9000));
    private SimulatedOrigin origin;
    private SimulatedProxy proxy;
    private SimulatedConnection client;

    @BeforeEach
    void start() {
        origin = simulation.listen("10.0.0.9", 9000);
        proxy = simulation.start(probe.with(options -> options.allowConnect(true)));
        client = simulation.connect(proxy.address());
        client.onReceived(bytes -> pieces.add(new String(bytes, StandardCharsets.ISO_8859_1)));
    }

    @AfterEach
    void end() {
        simulation.assertQuiet();
        simulation.close();
    }

    private SimulatedConnection ask(String request) {
        client.send(request);
        simulation.run();
        return origin.connection();
    }

    private SimulatedConnection ask() {
        return ask("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    }

    private void answer(SimulatedConnection upstream, String part) {
        upstream.send(part);
        simulation.run();
    }

    @Test
    void theBodyThatComesAMomentLaterJoinsItsHead() {
        SimulatedConnection upstream = ask();
        answer(upstream, SMALL);
        simulation.advance(Duration.ofNanos(999_999));
        assertThat(pieces).isEmpty();
        answer(upstream, "hello");
        assertThat(pieces).hasSize(1);
        assertThat(pieces.get(0)).startsWith("HTTP/1.1 200 OK\r\n").endsWith("\r\n\r\nhello");
        // And the same again, on the same connection, within the time of the first.
        upstream = ask();
        answer(upstream, SMALL);
        simulation.advance(Duration.ofNanos(500_000));
        answer(upstream, "again");
        assertThat(pieces).hasSize(2);
        assertThat(pieces.get(1)).endsWith("\r\n\r\nagain");
    }

    @Test
    void theFirstOfTheBodyIsEnough() {
        SimulatedConnection upstream = ask();
        answer(upstream, SMALL);
        answer(upstream, "he");
        assertThat(pieces).hasSize(1);
        answer(upstream, "llo");
        assertThat(pieces).hasSize(2);
        assertThat(pieces.get(1)).isEqualTo("llo");
    }

    @Test
    void aHeadThatWaitsInVainGoesAlone() {
        SimulatedConnection upstream = ask();
        answer(upstream, SMALL);
        simulation.advance(Duration.ofMillis(1));
        assertThat(pieces).hasSize(1);
        assertThat(pieces.get(0)).startsWith("HTTP/1.1 200 OK\r\n").endsWith("\r\n\r\n");
        simulation.advance(Duration.ofSeconds(1));
        answer(upstream, "hello");
        assertThat(pieces).hasSize(2);
        assertThat(pieces.get(1)).isEqualTo("hello");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Length: 2049",
                "Transfer-Encoding: chunked",
                "X: of unknown length",
                "Content-Length: 5\r\nContent-Type: text/event-stream",
                "Content-Length: 5\r\nContent-Type: Text/Event-Stream; charset=utf-8"
            })
    void otherHeadsGoAtOnce(String fields) {
        SimulatedConnection upstream = ask();
        answer(upstream, "HTTP/1.1 200 OK\r\n" + fields + "\r\n\r\n");
        assertThat(pieces).hasSize(1);
        upstream.reset();
        simulation.run();
        assertThat(client.isClosedByPeer() || client.isReset()).isTrue();
    }

    @Test
    void aHeadWithoutABodyGoesAtOnce() {
        SimulatedConnection upstream = ask("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n");
        answer(upstream, SMALL);
        assertThat(pieces).hasSize(1);
        answer(ask(), "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n");
        assertThat(pieces).hasSize(2);
        answer(ask(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        assertThat(pieces).hasSize(3);
    }

    @Test
    void informationalHeadsGoAtOnceAndWhatIsBehindThemInTheTurn() {
        SimulatedConnection upstream = ask();
        answer(upstream, "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n");
        assertThat(pieces).hasSize(1);
        answer(upstream, "HTTP/1.1 103 Early Hints\r\nLink: b\r\n\r\n" + SMALL);
        assertThat(pieces).hasSize(2);
        assertThat(pieces.get(1)).contains("Link: b").contains("200 OK");
        answer(upstream, "hello");
    }

    @Test
    void tunnelsBeginAtOnce() {
        SimulatedConnection upstream =
                ask("GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        answer(upstream, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        assertThat(pieces).hasSize(1);
        upstream.close();
        client.close();
        simulation.run();
    }

    @Test
    void aBodyThatBreaksOffSendsTheHeadAtOnce() {
        SimulatedConnection upstream = ask();
        answer(upstream, SMALL);
        upstream.close();
        simulation.run();
        assertThat(pieces).hasSize(1);
        assertThat(pieces.get(0)).startsWith("HTTP/1.1 200 OK\r\n");
        assertThat(client.isClosedByPeer()).isTrue();
        assertThat(probe.logged()).containsExactly("/x UPSTREAM CONNECTION_CLOSED");
    }

    @Test
    void aClientThatLeavesMeanwhileIsNoticed() {
        for (boolean reset : new boolean[] {true, false}) {
            SimulatedConnection upstream = ask();
            answer(upstream, SMALL);
            if (reset) {
                client.reset();
            } else {
                client.halfClose();
            }
            simulation.run();
            assertThat(upstream.isClosedByPeer() || upstream.isReset()).isTrue();
            assertThat(proxy.stats().connections()).isZero();
            client = simulation.connect(proxy.address());
        }
        assertThat(probe.logged())
                .containsExactly("/x DOWNSTREAM CONNECTION_CLOSED", "/x DOWNSTREAM CONNECTION_CLOSED");
    }

    @Test
    void drainingWaitsForTheBody() {
        SimulatedConnection upstream = ask();
        answer(upstream, SMALL);
        CompletableFuture<Void> shutdown = proxy.server().shutdown().toCompletableFuture();
        simulation.run();
        assertThat(pieces).isEmpty();
        answer(upstream, "hello");
        assertThat(pieces).hasSize(1);
        assertThat(pieces.get(0)).endsWith("hello");
        simulation.advance(Duration.ofSeconds(3));
        assertThat(shutdown).isDone();
    }
}
