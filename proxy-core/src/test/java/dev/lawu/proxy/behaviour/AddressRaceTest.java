package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.testing.SimulatedConnection;
import dev.lawu.proxy.testing.SimulatedOrigin;
import dev.lawu.proxy.testing.SimulatedProxy;
import dev.lawu.proxy.testing.Simulation;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerOptions;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which of a name's addresses a connection is made to, and when (RFC 8305). */
class AddressRaceTest {
    private static final String OK = "HTTP/1.1 204 No Content\r\n\r\n";
    private static final Duration SOON = Duration.ofMillis(20);

    private final Simulation simulation = Simulation.create();
    private final HttpPeer peer = HttpPeer.of("app.test", 9000);
    private ToPeer proxy = new ToPeer(peer);
    private SimulatedProxy started;

    @AfterEach
    void close() {
        simulation.advance(Duration.ofSeconds(1));
        simulation.assertQuiet();
        simulation.close();
    }

    private SimulatedOrigin origin(String address) {
        simulation.name("app.test", address);
        return simulation.listen(address, 9000).answer(request -> OK);
    }

    private SimulatedConnection get() {
        if (started == null) {
            started = simulation.start(HttpProxy.of(proxy));
        }
        SimulatedConnection client = simulation.connect(started.address());
        client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        simulation.run();
        return client;
    }

    private void options(PeerOptions.Builder options) {
        proxy = new ToPeer(peer.withOptions(options.build()));
    }

    /** Each request on a connection of its own, so that the next one dials again. */
    private static PeerOptions.Builder withoutReuse() {
        return PeerOptions.builder().maxIdlePerLoop(0);
    }

    private static boolean answered(SimulatedConnection client) {
        return client.received().startsWith("HTTP/1.1 204");
    }

    @Test
    void anAddressThatDoesNotAnswerDelaysByTheAttemptDelayOnly() {
        origin("10.0.0.8").blackhole();
        SimulatedOrigin good = origin("10.0.0.9");
        SimulatedConnection client = get();
        simulation.advance(Duration.ofMillis(249));
        assertThat(good.connections()).isEmpty();
        simulation.advance(Duration.ofMillis(2));
        assertThat(answered(client)).isTrue();
        assertThat(started.stats().upstreamConnects()).isEqualTo(1);
    }

    @Test
    void theDelayIsAnOption() {
        options(PeerOptions.builder().connectAttemptDelay(Duration.ofMillis(10)));
        origin("10.0.0.8").blackhole();
        origin("10.0.0.9");
        SimulatedConnection client = get();
        simulation.advance(Duration.ofMillis(11));
        assertThat(answered(client)).isTrue();
    }

    @Test
    void anAddressThatRefusesDelaysNothing() {
        origin("10.0.0.7").refuse();
        origin("10.0.0.8").refuse();
        origin("10.0.0.9");
        assertThat(answered(get())).isTrue();
        assertThat(simulation.elapsed()).isZero();
    }

    @Test
    void theFirstToAnswerWinsAndTheLoserIsClosed() {
        SimulatedOrigin slow = origin("10.0.0.8").connectDelay(Duration.ofMillis(300));
        SimulatedOrigin fast = origin("10.0.0.9").connectDelay(Duration.ofMillis(100));
        SimulatedConnection client = get();
        simulation.advance(Duration.ofMillis(310));
        assertThat(answered(client)).isTrue();
        assertThat(slow.connection().isClosedByPeer() || slow.connection().isReset())
                .isFalse();
        assertThat(slow.requests()).hasSize(1); // it was there 50 ms before the other
        simulation.advance(Duration.ofMillis(100));
        assertThat(fast.requests()).isEmpty();
        assertThat(fast.connections())
                .allSatisfy(connection -> assertThat(connection.isConnected()).isTrue());
        assertThat(started.stats().upstreamActive() + started.stats().upstreamIdle())
                .isEqualTo(1);
    }

    @Test
    void familiesTakeTurns() {
        for (String address : List.of("2001:db8::1", "2001:db8::2", "2001:db8::3", "10.0.0.1", "10.0.0.9")) {
            origin(address).refuse();
        }
        get();
        assertThat(proxy.logged)
                .singleElement()
                .asString()
                .startsWith("UPSTREAM CONNECT: [2001:db8::1]:9000: ")
                .containsSubsequence("[2001:db8::1]:9000", "10.0.0.1:9000", "[2001:db8::2]:9000", "10.0.0.9:9000")
                .endsWith("; and 1 more");
    }

    @Test
    void allOfItIsUnderTheConnectTimeout() {
        for (int i = 20; i < 60; i++) {
            origin("10.0.0." + i).blackhole();
        }
        SimulatedConnection client = get();
        simulation.advance(Duration.ofSeconds(5).minus(SOON));
        assertThat(client.received()).isEmpty();
        simulation.advance(SOON.multipliedBy(2));
        assertThat(client.received()).startsWith("HTTP/1.1 504 ");
        assertThat(proxy.logged)
                .containsExactly("UPSTREAM CONNECT_TIMEOUT: app.test:9000 was not connected to within 5000 ms");
    }

    @Test
    void resolvingIsUnderTheConnectTimeoutToo() {
        started =
                simulation.start(HttpProxy.of(proxy), settings -> settings.resolver(host -> new CompletableFuture<>()));
        SimulatedConnection client = get();
        simulation.advance(Duration.ofSeconds(5));
        assertThat(client.received()).startsWith("HTTP/1.1 504 ");
        assertThat(proxy.logged).containsExactly("UPSTREAM CONNECT_TIMEOUT: app.test was not resolved within 5000 ms");
    }

    @Test
    void anAddressThatFailedIsTriedLastForAWhile() {
        options(withoutReuse());
        SimulatedOrigin bad = origin("10.0.0.8").blackhole();
        origin("10.0.0.9");
        SimulatedConnection first = get();
        simulation.advance(Duration.ofMillis(251));
        assertThat(answered(first)).isTrue();
        assertThat(answered(get())).isTrue(); // at once
        bad.accept();
        simulation.advance(Duration.ofSeconds(11));
        assertThat(answered(get())).isTrue();
        assertThat(bad.requests()).hasSize(1);
    }

    @Test
    void whenEveryAddressIsPoorAllAreTried() {
        options(withoutReuse());
        SimulatedOrigin one = origin("10.0.0.8").refuse();
        origin("10.0.0.9").refuse();
        assertThat(get().received()).startsWith("HTTP/1.1 502 ");
        one.accept();
        assertThat(answered(get())).isTrue();
    }

    @Test
    void aClientThatLeavesEndsTheRace() {
        origin("10.0.0.8").blackhole();
        origin("10.0.0.9").blackhole();
        SimulatedConnection client = get();
        simulation.advance(Duration.ofMillis(300));
        client.close();
        simulation.run();
        assertThat(started.stats().upstreamActive()).isZero();
        assertThat(proxy.logged).singleElement().asString().startsWith("DOWNSTREAM CONNECTION_CLOSED");
    }

    @Test
    void connectionsComeFromTheSourceAddress() throws Exception {
        options(PeerOptions.builder().sourceAddress(InetAddress.getByName("10.0.0.77")));
        simulation.name("app.test", "2001:db8::1"); // cannot be reached from there
        SimulatedOrigin origin = origin("10.0.0.9");
        assertThat(answered(get())).isTrue();
        assertThat(origin.connection().remoteAddress().getAddress().getHostAddress())
                .isEqualTo("10.0.0.77");
        assertThat(simulation.elapsed()).isZero();
    }

    @Test
    void aSourceAddressOfAnotherFamilyIsAClearError() throws Exception {
        options(PeerOptions.builder().sourceAddress(InetAddress.getByName("::1")));
        origin("10.0.0.9");
        assertThat(get().received()).startsWith("HTTP/1.1 502 ");
        assertThat(proxy.logged)
                .containsExactly("UPSTREAM CONNECT: app.test has the addresses 10.0.0.9, none of the family of the"
                        + " source address ::1 (expected: one)");
    }

    @Test
    void whatIsNotSimulatedIsSaid() {
        proxy = new ToPeer(HttpPeer.unix("/run/app.sock"));
        assertThat(get().received()).startsWith("HTTP/1.1 502 ");
        assertThat(proxy.logged)
                .containsExactly("UPSTREAM CONNECT: /run/app.sock: /run/app.sock: not an internet address"
                        + " (expected: one; nothing else is simulated)");
    }
}
