package dev.lawu.proxy.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A client that talks to an origin without a proxy between them. */
class SimulatedOriginTest {
    private final Simulation simulation = Simulation.seeded(7);
    private final SimulatedOrigin origin = simulation.listen("10.0.0.9", 9000);

    @AfterEach
    void nothingIsLeft() {
        simulation.close();
    }

    @Test
    void answersWholeRequests() {
        origin.answer(request -> SimulatedOrigin.response(200, "<" + request.substring(0, request.indexOf(' ')) + ">"));
        SimulatedConnection client = simulation.connect(origin.address());
        String get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        String post = "POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 3\r\n\r\nabc";
        String chunked = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nwiki\r\n0\r\n\r\n";
        String trailers =
                "PATCH / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\nT: v\r\n\r\n";
        client.send(get + post).sendBytewise(chunked + trailers + get);
        simulation.run();

        assertThat(origin.requests()).containsExactly(get, post, chunked, trailers, get);
        String ok = "HTTP/1.1 200 OK\r\nContent-Length: ";
        assertThat(client.received())
                .isEqualTo(ok + "5\r\n\r\n<GET>" + ok + "6\r\n\r\n<POST>" + ok + "5\r\n\r\n<PUT>" + ok
                        + "7\r\n\r\n<PATCH>" + ok + "5\r\n\r\n<GET>");
        assertThat(client.isClosedByPeer()).isFalse();
    }

    @Test
    void closesWhenTheResponseSaysSo() {
        origin.answer(request -> "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall");
        SimulatedConnection client = simulation.connect(origin.address()).send("GET / HTTP/1.1\r\n\r\n");
        simulation.run();

        assertThat(client.received()).endsWith("all");
        assertThat(client.isClosedByPeer()).isTrue();
    }

    @Test
    void nullLeavesTheAnswerToTheTest() {
        origin.answer(request -> null);
        SimulatedConnection client = simulation.connect(origin.address()).send("GET / HTTP/1.1\r\n\r\n");
        simulation.run();
        assertThat(origin.requests()).hasSize(1);
        origin.connection().send("late");
        simulation.run();

        assertThat(client.takeReceived()).isEqualTo("late");
        assertThat(client.received()).isEmpty();
    }

    @Test
    void whatTheFunctionThrowsFailsTheTest() {
        origin.answer(request -> {
            throw new AssertionError("unexpected request");
        });
        simulation.connect(origin.address()).send("GET / HTTP/1.1\r\n\r\n");

        assertThatThrownBy(simulation::run).hasMessage("unexpected request");
    }

    @Test
    void refusesAcceptsAndIgnores() {
        SimulatedConnection refused = simulation.connect(origin.refuse().address());
        simulation.run();
        SimulatedConnection lost = simulation.connect(origin.blackhole().address());
        simulation.run();
        SimulatedConnection accepted =
                simulation.connect("192.0.2.1", origin.accept().address());
        simulation.run();

        assertThat(refused.isRefused()).isTrue();
        assertThat(lost.isConnected()).isFalse();
        assertThat(lost.isRefused()).isFalse();
        assertThat(accepted.isConnected()).isTrue();
        assertThat(origin.connection().remoteAddress().getHostString()).isEqualTo("192.0.2.1");
    }

    @Test
    void piecesAreSplitAndStayInOrder() {
        simulation.network().splitWrites(3).latency(Duration.ofMillis(1), Duration.ofMillis(9));
        List<Integer> pieces = new ArrayList<>();
        origin.onConnection(connection -> connection.onReceived(bytes -> pieces.add(bytes.length)));
        SimulatedConnection client = simulation.connect(origin.address());
        client.send("0123456789".repeat(10)).halfClose();
        simulation.runUntil(
                () -> !origin.connections().isEmpty() && origin.connection().isClosedByPeer(), Duration.ofSeconds(2));

        assertThat(origin.connection().received()).isEqualTo("0123456789".repeat(10));
        assertThat(pieces).contains(1, 2, 3).allMatch(length -> length <= 3);
        assertThat(simulation.elapsed()).isPositive();
    }

    @Test
    void faultsComeAtTheirByte() {
        for (int at = 0; at <= 4; at++) {
            SimulatedConnection reset = simulation.connect(origin.address()).resetAfterSending(at);
            simulation.run();
            reset.send("ab").send("cd");
            simulation.run();
            SimulatedConnection other = origin.connection();
            assertThat(other.received()).isEqualTo("abcd".substring(0, at));
            assertThat(other.isReset()).isTrue();
            assertThat(reset.isReset()).isTrue();

            SimulatedConnection ended = simulation.connect(origin.address()).halfCloseAfterSending(at);
            ended.send("abcd");
            simulation.run();
            assertThat(origin.connection().received()).isEqualTo("abcd".substring(0, at));
            assertThat(origin.connection().isClosedByPeer()).isTrue();
            origin.connection().send("back");
            simulation.run();
            assertThat(ended.received()).isEqualTo("back");

            SimulatedConnection receiving = simulation.connect(origin.address()).resetAfterReceiving(at);
            simulation.run();
            origin.connection().send("abcd");
            simulation.run();
            assertThat(receiving.received()).isEqualTo("abcd".substring(0, at));
            assertThat(receiving.isReset()).isTrue();
            assertThat(origin.connection().isReset()).isTrue();
        }
    }

    @Test
    void endsOnReceiving() {
        SimulatedConnection client = simulation.connect(origin.address()).halfCloseAfterReceiving(2);
        simulation.run();
        origin.connection().closeAfterReceiving(1).send("x");
        simulation.run();
        assertThat(origin.connection().isClosedByPeer()).isFalse();
        origin.connection().send("y");
        simulation.run();
        assertThat(origin.connection().isClosedByPeer()).isTrue();
        assertThat(origin.connection().isOpen()).isTrue();
        assertThat(client.isOpen()).isTrue();
    }

    @Test
    void mistakesOfATestAreNamed() {
        SimulatedConnection client = simulation.connect(origin.address()).halfClose();

        assertThatThrownBy(() -> client.send("x")).hasMessageContaining("send after the end");
        assertThatThrownBy(() -> client.send("\u20ac")).hasMessageContaining("U+20ac");
        assertThatThrownBy(() -> simulation.listen("10.0.0.9", 9000)).hasMessageContaining("already in use");
        assertThatThrownBy(() -> simulation.listen("localhost", 1)).hasMessageContaining("expected: an IPv4");
        assertThatThrownBy(origin::connection).hasMessageContaining("no connection yet");
    }
}
