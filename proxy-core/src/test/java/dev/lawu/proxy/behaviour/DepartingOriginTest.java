package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.testing.SimulatedConnection;
import dev.lawu.proxy.testing.SimulatedOrigin;
import dev.lawu.proxy.testing.SimulatedProxy;
import dev.lawu.proxy.testing.Simulation;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import dev.lawu.proxy.upstream.HttpPeer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An origin that leaves at any byte of its response: 502 while that can be said, a visibly broken body after that. */
class DepartingOriginTest {
    private static final String[] RESPONSES = {
        "HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\nX-T: t\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\n\r\nhello",
    };

    private static final String[] REQUESTS = {
        "GET /x HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        "GET /x HTTP/1.0\r\nHost: a\r\n\r\n",
    };

    private static HttpProxy proxy(SimulatedOrigin origin) {
        return Probe.to(HttpPeer.of("10.0.0.9", origin.address().getPort()));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aResponseIsWholeOrVisiblyBroken(boolean reset) {
        for (String request : REQUESTS) {
            for (String response : RESPONSES) {
                for (int cut = 0; cut <= response.length(); cut++) {
                    String what =
                            (reset ? "RST" : "FIN") + " after " + cut + " bytes of " + response + " to " + request;
                    try {
                        cut(request, response, cut, reset);
                    } catch (Throwable e) {
                        throw new AssertionError(what, e);
                    }
                }
            }
        }
    }

    private static void cut(String request, String response, int cut, boolean reset) {
        try (Simulation simulation = Simulation.create()) {
            SimulatedOrigin origin = simulation.listen("10.0.0.9", 9000);
            SimulatedProxy proxy = simulation.start(proxy(origin));
            SimulatedConnection client = simulation.connect(proxy.address());
            client.send(request);
            simulation.run();
            SimulatedConnection upstream = origin.connection();
            upstream.send(response.substring(0, cut));
            if (reset) {
                simulation.run(); // what was sent before an RST may be lost otherwise
                upstream.reset();
            } else {
                upstream.close();
            }
            simulation.run();
            simulation.assertQuiet();
            int finalHead = response.lastIndexOf("HTTP/1.1");
            int bodyAt = response.indexOf("\r\n\r\n", finalHead) + 4;
            boolean untilClose = response.equals(RESPONSES[3]);
            boolean complete = untilClose ? cut >= bodyAt && !reset : cut == response.length();
            String received = client.received();
            String last = received.substring(Math.max(0, received.lastIndexOf("HTTP/1.1")));
            if (cut < bodyAt) {
                assertThat(last).startsWith("HTTP/1.1 502 Bad Gateway\r\n").endsWith("502 Bad Gateway\n");
                return;
            }
            assertThat(last).startsWith("HTTP/1.1 200 OK\r\n");
            boolean old = request.contains("HTTP/1.0");
            String body = last.substring(last.indexOf("\r\n\r\n") + 4);
            if (complete) {
                String sent = untilClose ? response.substring(bodyAt, cut) : "hello";
                assertThat(data(last, body, old)).isEqualTo(sent);
                assertThat(client.isReset()).isFalse();
            } else if (last.contains("Content-Length: 5\r\n")) {
                assertThat(body).isEqualTo(response.substring(bodyAt, cut));
                assertThat(client.isClosedByPeer() || client.isReset()).isTrue();
            } else if (last.contains("chunked")) {
                assertThat(body).doesNotContain("0\r\n");
                assertThat(client.isClosedByPeer() || client.isReset()).isTrue();
            } else {
                assertThat(client.isReset())
                        .as("a reset, as only that can tell")
                        .isTrue();
            }
        }
    }

    private static String data(String message, String body, boolean old) {
        if (!message.contains("Transfer-Encoding: chunked")) {
            return body;
        }
        assertThat(old).isFalse();
        StringBuilder data = new StringBuilder();
        int at = 0;
        while (true) {
            int end = body.indexOf("\r\n", at);
            int size = Integer.parseInt(body.substring(at, end), 16);
            if (size == 0) {
                assertThat(body.substring(end)).isIn("\r\n\r\n", "\r\nX-T: t\r\n\r\n");
                return data.toString();
            }
            data.append(body, end + 2, end + 2 + size);
            at = end + 4 + size;
        }
    }

    /** On a reused connection, a request that is safe to repeat is, and others are not. */
    @Test
    void onAReusedConnectionOnlySafeRequestsAreRepeated() {
        for (String method : new String[] {"GET", "POST"}) {
            for (int cut = 0; cut < 30; cut++) {
                try (Simulation simulation = Simulation.create()) {
                    SimulatedOrigin origin = simulation.listen("10.0.0.9", 9000);
                    SimulatedProxy proxy = simulation.start(proxy(origin));
                    SimulatedConnection client = simulation.connect(proxy.address());
                    client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
                    simulation.run();
                    SimulatedConnection first = origin.connection();
                    first.send("HTTP/1.1 204 No Content\r\n\r\n");
                    simulation.run();
                    client.takeReceived();
                    client.send(method + " /2 HTTP/1.1\r\nHost: a\r\n\r\n");
                    simulation.run();
                    first.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n".substring(0, cut));
                    first.close();
                    simulation.run();
                    boolean repeated = origin.connections().size() == 2;
                    assertThat(repeated).as(method + " " + cut).isEqualTo(cut == 0 && method.equals("GET"));
                    if (!repeated) {
                        assertThat(client.received()).startsWith("HTTP/1.1 502 ");
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void anOriginThatLeavesDuringTheUploadIsA502(World.Kind kind) {
        try (World world = kind.create()) {
            Probe probe = new Probe(world.peer());
            world.start(probe.proxy());
            Wire client = world.connect();
            client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nbegin;");
            Wire origin = world.accept();
            origin.until("begin;");
            origin.close();
            assertThat(client.rest()).startsWith("HTTP/1.1 502 ");
            world.awaitQuiet();
            assertThat(probe.logged()).containsExactly("/x UPSTREAM CONNECTION_CLOSED");
        }
    }

    @ParameterizedTest
    @EnumSource
    void anOriginThatLeavesWithinItsBodyBreaksIt(World.Kind kind) {
        try (World world = kind.create()) {
            Probe probe = new Probe(world.peer());
            world.start(probe.proxy());
            Wire client = world.connect();
            client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
            client.until("o\r\n");
            origin.close();
            assertThat(client.rest()).isEmpty();
            world.awaitQuiet();
            assertThat(probe.logged()).containsExactly("/x UPSTREAM CONNECTION_CLOSED");
        }
    }
}
