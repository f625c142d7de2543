package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Expectations and 1xx responses (RFC 9110, sections 10.1.1 and 15.2). */
class InterimResponsesTest {
    private static final String EXPECTING =
            "POST /up HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";

    @ParameterizedTest
    @EnumSource
    void theOriginDecidesToContinue(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send(EXPECTING);
            Wire origin = world.accept();
            assertThat(origin.head()).contains("Expect: 100-continue\r\n").contains("Content-Length: 4\r\n");
            origin.send("HTTP/1.1 100 Continue\r\n\r\n");
            assertThat(client.head()).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
            client.send("body");
            assertThat(origin.take(4)).isEqualTo("body");
            origin.send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 201 Created\r\n").doesNotContain("close");
            client.send(EXPECTING);
            origin.head();
            assertThat(world.accepted()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRefusedExpectationEndsBothConnections(World.Kind kind) {
        for (String status : new String[] {"417 Expectation Failed", "401 Unauthorized"}) {
            try (World world = kind.create()) {
                world.start(Probe.to(world.peer()));
                Wire client = world.connect();
                client.send(EXPECTING);
                Wire origin = world.accept();
                origin.head();
                origin.send("HTTP/1.1 " + status + "\r\nContent-Length: 2\r\n\r\nno");
                // Whether the body follows is not known, so nothing else can be sent on either connection.
                assertThat(client.head())
                        .startsWith("HTTP/1.1 " + status + "\r\n")
                        .contains("Connection: close\r\n");
                assertThat(client.rest()).isEqualTo("no");
                assertThat(origin.rest()).isEmpty();
                world.awaitQuiet();
                assertThat(world.server().stats().upstreamIdle()).isZero();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aClientThatDoesNotWaitIsServed(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send(EXPECTING + "body");
            Wire origin = world.accept();
            origin.head();
            assertThat(origin.take(4)).isEqualTo("body");
            origin.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            assertThat(client.until("200 OK\r\n")).startsWith("HTTP/1.1 100 Continue\r\n\r\n");
            client.head();
        }
    }

    @ParameterizedTest
    @EnumSource
    void interimResponsesAreRelayedInOrder(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 102 Processing\r\n\r\n");
            for (int i = 0; i < 30; i++) {
                origin.send("HTTP/1.1 103 Early Hints\r\nLink: </" + i + ">\r\nConnection: X-Hop\r\nX-Hop: h\r\n\r\n");
            }
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            assertThat(client.head()).isEqualTo("HTTP/1.1 102 Processing\r\n\r\n");
            for (int i = 0; i < 30; i++) {
                assertThat(client.head()).isEqualTo("HTTP/1.1 103 Early Hints\r\nLink: </" + i + ">\r\n\r\n");
            }
            assertThat(client.head()).startsWith("HTTP/1.1 200 OK\r\n");
        }
    }

    @ParameterizedTest
    @EnumSource
    void endlessInterimResponsesAreAnError(World.Kind kind) {
        try (World world = kind.create()) {
            Probe probe = new Probe(world.peer());
            world.start(probe.proxy());
            Wire client = world.connect();
            client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 102 Processing\r\n\r\n".repeat(65));
            assertThat(client.until("502 Bad Gateway\r\n")).hasSizeLessThan(64 * 40);
            world.awaitQuiet();
            assertThat(probe.logged()).containsExactly("/x UPSTREAM PROTOCOL");
            assertThat(world.server().stats().upstreamIdle()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void anOldClientsExpectationIsIgnored(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
            Wire origin = world.accept();
            assertThat(origin.head()).doesNotContainIgnoringCase("expect");
            origin.send("HTTP/1.1 100 Continue\r\n\r\n");
            client.send("ok");
            assertThat(origin.take(2)).isEqualTo("ok");
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 200 OK\r\n");
        }
    }

    @ParameterizedTest
    @EnumSource
    void anUnknownExpectationIsRefused(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\n\r\n");
            assertThat(client.rest()).startsWith("HTTP/1.1 417 ");
            assertThat(world.accepted()).isZero();
            assertThat(world.server().stats().refused()).containsEntry("bad-expectation", 1L);
        }
    }
}
