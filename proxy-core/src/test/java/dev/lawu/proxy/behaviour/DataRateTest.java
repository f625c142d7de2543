package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.http.DataRate;
import dev.lawu.proxy.testing.SimulatedConnection;
import dev.lawu.proxy.testing.SimulatedOrigin;
import dev.lawu.proxy.testing.SimulatedProxy;
import dev.lawu.proxy.testing.Simulation;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerOptions;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The least rates at which bodies come and go; here 1,000 bytes per second over ten seconds. Who is not waited for is not slow. */
class DataRateTest {
    private static final DataRate RATE = new DataRate(1000, Duration.ofSeconds(10));
    private static final String PUT = "PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    private static final String GET = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";

    private final Simulation simulation = Simulation.create();
    private Probe probe;
    private SimulatedOrigin origin;
    private SimulatedProxy proxy;

    @BeforeEach
    void network() {
        simulation.network().window(8 * 1024);
        origin = simulation.listen("10.0.0.9", 9000);
    }

    @AfterEach
    void end() {
        simulation.assertQuiet();
        simulation.close();
    }

    private SimulatedConnection start(
            UnaryOperator<ProxyOptions.Builder> options, UnaryOperator<PeerOptions.Builder> peer, String request) {
        HttpPeer to = HttpPeer.of("10.0.0.9", 9000)
                .withOptions(peer.apply(PeerOptions.builder()).build());
        return start(options, new Probe(to), request);
    }

    private SimulatedConnection start(UnaryOperator<ProxyOptions.Builder> options, Probe described, String request) {
        probe = described;
        proxy = simulation.start(described.with(options));
        SimulatedConnection client = simulation.connect(proxy.address());
        client.send(request);
        simulation.run();
        return client;
    }

    private static String chunk(int length) {
        return Integer.toHexString(length) + "\r\n" + "x".repeat(length) + "\r\n";
    }

    /** Sends parts of this size at this interval for this time, or until it is cut off. Says how long it took. */
    private Duration send(SimulatedConnection sender, SimulatedConnection watched, int part, long millis, int seconds) {
        Duration begin = simulation.elapsed();
        while (simulation.elapsed().minus(begin).toSeconds() < seconds) {
            simulation.advance(Duration.ofMillis(millis));
            if (watched.isClosedByPeer() || watched.isReset()) {
                break;
            }
            sender.send(chunk(part));
        }
        simulation.run();
        return simulation.elapsed().minus(begin);
    }

    // ---- the client's upload

    @ParameterizedTest
    @CsvSource({
        "1, 1000, 10, 12", // a trickle, right behind the grace
        "500, 1000, 15, 25", // half the rate, a little later
        "900, 1000, 50, 110", // little too slow
        "1, 14000, 20, 45" // a byte just before the idle limit
    })
    void anUploadBelowTheRateIsRefused(int part, long millis, int least, int most) {
        SimulatedConnection client = start(options -> options.minRequestBodyRate(RATE), peer -> peer, PUT);
        Duration taken = send(client, client, part, millis, 300);
        assertThat(taken).isBetween(Duration.ofSeconds(least), Duration.ofSeconds(most));
        assertThat(client.received()).startsWith("HTTP/1.1 408 ").contains("Connection: close\r\n");
        assertThat(probe.logged()).containsExactly("/x DOWNSTREAM BODY_RATE");
        assertThat(proxy.stats().refused()).containsEntry("body-rate", 1L);
        assertThat(origin.connection().isClosedByPeer() || origin.connection().isReset())
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "1000, 1000", // exactly
        "1, 1", // in the smallest parts
        "100, 77",
        "9500, 9500", // as unevenly as the grace allows
        "60000, 25000", // in bursts, with pauses that the idle limit allows
        "3000, 2500"
    })
    void anUploadAboveTheRateIsNot(int part, long millis) {
        SimulatedConnection client = start(options -> options.minRequestBodyRate(RATE), peer -> peer, PUT);
        simulation.maxSteps(50_000_000);
        send(client, client, part, millis, millis < 10 ? 60 : 600);
        client.send("0\r\n\r\n");
        simulation.run();
        origin.connection().send("HTTP/1.1 204 No Content\r\n\r\n");
        simulation.run();
        assertThat(client.received()).startsWith("HTTP/1.1 204 ");
        assertThat(probe.logged()).containsExactly("/x");
    }

    @Test
    void anUploadThatGetsSlowIsRefusedThenAndOneBehindItHasItsOwnGrace() {
        SimulatedConnection client = start(options -> options.minRequestBodyRate(RATE), peer -> peer, PUT);
        send(client, client, 2000, 1000, 100);
        client.send("0\r\n\r\n");
        simulation.run();
        origin.connection().send("HTTP/1.1 204 No Content\r\n\r\n");
        simulation.run();
        client.send(PUT);
        simulation.run();
        assertThat(send(client, client, 2000, 1000, 100)).isEqualTo(Duration.ofSeconds(100));
        assertThat(send(client, client, 10, 1000, 300)).isBetween(Duration.ofSeconds(10), Duration.ofSeconds(23));
        assertThat(probe.logged()).containsExactly("/x", "/x DOWNSTREAM BODY_RATE");
    }

    @Test
    void withoutALimitATrickleIsTaken() {
        SimulatedConnection client = start(options -> options.minRequestBodyRate(DataRate.NONE), peer -> peer, PUT);
        assertThat(send(client, client, 1, 10_000, 1000)).isEqualTo(Duration.ofSeconds(1000));
        client.close();
        simulation.run();
    }

    @Test
    void theDefaultIsFinite() {
        SimulatedConnection client = start(options -> options, peer -> peer, PUT);
        assertThat(send(client, client, 100, 1000, 300)).isBetween(Duration.ofSeconds(30), Duration.ofSeconds(60));
        assertThat(probe.logged()).containsExactly("/x DOWNSTREAM BODY_RATE");
    }

    @Test
    void aClientThatIsHeldUpByASlowOriginIsNotSlow() {
        SimulatedConnection client = start(options -> options.minRequestBodyRate(RATE), peer -> peer, PUT);
        origin.connection().stopReading();
        client.send(chunk(2_000_000));
        // 500 bytes per second are less than the client's rate, but more than the origin's.
        for (int i = 0; i < 60; i++) {
            simulation.advance(Duration.ofSeconds(10));
            origin.connection().readAtMost(5_000);
        }
        assertThat(client.received()).isEmpty();
        assertThat(probe.logged()).isEmpty();
        origin.connection().startReading();
        simulation.run();
        assertThat(client.unsentCount()).isZero();
        client.send("0\r\n\r\n");
        simulation.run();
        origin.connection().send("HTTP/1.1 204 No Content\r\n\r\n");
        simulation.run();
        assertThat(client.received()).startsWith("HTTP/1.1 204 ");
    }

    @Test
    void aClientThatWaitsForAFilterIsNotSlow() {
        CompletableFuture<FilterResult> decided = new CompletableFuture<>();
        SimulatedConnection client = start(
                options -> options.minRequestBodyRate(RATE),
                new Probe(session -> HttpPeer.of("10.0.0.9", 9000), session -> FilterResult.async(decided)),
                PUT + chunk(10));
        simulation.advance(Duration.ofSeconds(50));
        client.send(chunk(10));
        simulation.advance(Duration.ofSeconds(5));
        assertThat(client.received()).isEmpty();
        decided.complete(FilterResult.proceed());
        assertThat(send(client, client, 1, 1000, 300)).isBetween(Duration.ofSeconds(9), Duration.ofSeconds(12));
        assertThat(probe.logged()).containsExactly("/x DOWNSTREAM BODY_RATE");
    }

    @Test
    void aClientThatWaitsForAContinueIsNotSlow() {
        SimulatedConnection client = start(
                options -> options.minRequestBodyRate(RATE),
                peer -> peer,
                PUT.replace("Host: a", "Host: a\r\nExpect: 100-continue"));
        simulation.advance(Duration.ofSeconds(50));
        origin.connection().send("HTTP/1.1 100 Continue\r\n\r\n");
        simulation.run();
        assertThat(client.takeReceived()).startsWith("HTTP/1.1 100 ");
        send(client, client, 2000, 1000, 50);
        assertThat(probe.logged()).isEmpty();
        client.close();
        simulation.run();
    }

    /** Once the response has begun there is no status to say why. */
    @Test
    void anUploadThatIsSlowBesideItsResponseIsReset() {
        SimulatedConnection client = start(options -> options.minRequestBodyRate(RATE), peer -> peer, PUT);
        origin.connection().send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(5));
        simulation.run();
        send(client, client, 1, 1000, 100);
        assertThat(client.isReset()).isTrue();
        assertThat(client.received()).startsWith("HTTP/1.1 200 OK\r\n");
        assertThat(probe.logged()).containsExactly("/x DOWNSTREAM BODY_RATE");
    }

    // ---- the client's download

    private SimulatedConnection download(SimulatedConnection client, int length) {
        client.stopReading();
        origin.connection().send("HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n");
        origin.connection().send(new byte[length]);
        simulation.run();
        return client;
    }

    private Duration read(SimulatedConnection reader, SimulatedConnection watched, int part, int seconds) {
        Duration begin = simulation.elapsed();
        while (simulation.elapsed().minus(begin).toSeconds() < seconds
                && !watched.isReset()
                && !watched.isClosedByPeer()) {
            reader.readAtMost(part);
            simulation.advance(Duration.ofSeconds(1));
        }
        return simulation.elapsed().minus(begin);
    }

    @ParameterizedTest
    @CsvSource({"1000000, 500, 15, 30", "1000000, 10, 10, 12", "100000, 500, 15, 30"})
    void aReaderBelowTheRateIsCutOff(int length, int part, int least, int most) {
        SimulatedConnection client =
                download(start(options -> options.minResponseRate(RATE), peer -> peer, GET), length);
        Duration taken = read(client, client, part, 300);
        assertThat(taken).isBetween(Duration.ofSeconds(least), Duration.ofSeconds(most));
        assertThat(client.isReset()).isTrue();
        assertThat(proxy.stats().refused()).containsEntry("response-rate", 1L);
        // Of the smaller response the engine had given everything away.
        assertThat(probe.logged()).containsExactly(length > 500_000 ? "/x DOWNSTREAM WRITE_RATE" : "/x");
    }

    @ParameterizedTest
    @CsvSource({"1000000, 1100", "100000, 1100", "1000000, 5000"})
    void aReaderAboveTheRateIsNot(int length, int part) {
        SimulatedConnection client =
                download(start(options -> options.minResponseRate(RATE), peer -> peer, GET), length);
        read(client, client, part, 600);
        client.startReading();
        simulation.run();
        assertThat(client.receivedCount()).isGreaterThan(length);
        assertThat(probe.logged()).containsExactly("/x");
        assertThat(proxy.stats().refused()).isEmpty();
    }

    @Test
    void aReaderThatTakesNothingIsStalledNotSlow() {
        SimulatedConnection client =
                download(start(options -> options.minResponseRate(RATE), peer -> peer, GET), 1_000_000);
        simulation.advance(Duration.ofSeconds(40));
        assertThat(client.isReset()).isTrue();
        assertThat(probe.logged()).containsExactly("/x DOWNSTREAM WRITE_TIMEOUT");
        assertThat(proxy.stats().refused()).containsEntry("write-stall", 1L);
    }

    @Test
    void aReaderOfASlowResponseIsNotSlow() {
        SimulatedConnection client = start(options -> options.minResponseRate(RATE), peer -> peer, GET);
        origin.connection().send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        assertThat(send(origin.connection(), client, 1, 20_000, 2000)).isEqualTo(Duration.ofSeconds(2000));
        client.close();
        simulation.run();
    }

    // ---- upstream

    @Test
    void anOriginThatTakesTheRequestTooSlowlyIs504() {
        SimulatedConnection client = start(options -> options, peer -> peer.minRequestBodyRate(RATE), PUT);
        origin.connection().stopReading();
        client.send(chunk(1_000_000));
        assertThat(read(origin.connection(), client, 500, 300))
                .isBetween(Duration.ofSeconds(15), Duration.ofSeconds(30));
        assertThat(client.received()).startsWith("HTTP/1.1 504 ");
        assertThat(probe.logged()).containsExactly("/x UPSTREAM WRITE_RATE");
    }

    @Test
    void anOriginThatAnswersTooSlowlyIsGivenUpWhereThatIsWanted() {
        SimulatedConnection client = start(options -> options, peer -> peer.minResponseRate(RATE), GET);
        origin.connection().send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        assertThat(send(origin.connection(), client, 500, 1000, 300))
                .isBetween(Duration.ofSeconds(15), Duration.ofSeconds(25));
        assertThat(client.received()).startsWith("HTTP/1.1 200 OK\r\n");
        assertThat(probe.logged()).containsExactly("/x UPSTREAM BODY_RATE");
    }

    @Test
    void byDefaultEventsMayComeAsSlowlyAsTheyHappen() {
        SimulatedConnection client = start(options -> options, peer -> peer, GET);
        origin.connection().send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        assertThat(send(origin.connection(), client, 1, 50_000, 5000)).isEqualTo(Duration.ofSeconds(5000));
        client.close();
        simulation.run();
    }

    @Test
    void anOriginThatIsHeldUpByASlowClientIsNotSlow() {
        SimulatedConnection client = start(
                options -> options.minResponseRate(DataRate.NONE),
                peer -> peer.minResponseRate(new DataRate(100_000, Duration.ofSeconds(10))),
                GET);
        download(client, 2_000_000);
        assertThat(read(client, client, 1_500, 600)).isEqualTo(Duration.ofSeconds(600));
        client.startReading();
        simulation.run();
        assertThat(client.receivedCount()).isGreaterThan(2_000_000);
        assertThat(probe.logged()).containsExactly("/x");
    }

    @Test
    void rangesAreChecked() {
        assertThatThrownBy(() -> new DataRate(-1, Duration.ofSeconds(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("bytesPerSecond: -1 (expected: 0..1073741824)");
        assertThatThrownBy(() -> new DataRate(1, Duration.ofMillis(99)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("grace: PT0.099S (expected: PT0.1S..PT24H)");
        assertThat(new DataRate(240, Duration.ofSeconds(30))).hasToString("240 bytes/s over PT30S");
        assertThat(DataRate.NONE).hasToString("none");
    }
}
