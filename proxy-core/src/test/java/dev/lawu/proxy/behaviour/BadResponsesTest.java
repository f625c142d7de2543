package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Origins' responses are read as strictly as requests: a bad one is 502 or a broken body, and its connection carries nothing else. */
class BadResponsesTest {
    private record Bad(String name, String bytes) {}

    private static final String OK = "HTTP/1.1 200 OK\r\n";

    /** Seen to be bad before the client has got anything. */
    private static final List<Bad> HEADS = List.of(
            new Bad("length and coding", OK + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            new Bad("two lengths", OK + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc"),
            new Bad("the same length twice", OK + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab"),
            new Bad("a signed length", OK + "Content-Length: +2\r\n\r\nab"),
            new Bad("unknown coding", OK + "Transfer-Encoding: gzip\r\n\r\nab"),
            new Bad("chunked twice", OK + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
            new Bad("LF alone", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"),
            new Bad("LF alone behind a field", OK + "X: y\nContent-Length: 0\r\n\r\n"),
            new Bad("CR in a value", OK + "X: y\rz\r\nContent-Length: 0\r\n\r\n"),
            new Bad("NUL in a value", OK + "X: y\0z\r\nContent-Length: 0\r\n\r\n"),
            new Bad("folded", OK + "X: y\r\n z\r\nContent-Length: 0\r\n\r\n"),
            new Bad("space before colon", OK + "Content-Length : 0\r\n\r\n"),
            new Bad("a huge head", OK + ("X: " + "y".repeat(4000) + "\r\n").repeat(10) + "\r\n"),
            new Bad("a huge status line", "HTTP/1.1 200 " + "O".repeat(9000) + "\r\n\r\n"),
            new Bad("many fields", OK + "X: y\r\n".repeat(200) + "\r\n"),
            new Bad("garbage", "SSH-2.0-OpenSSH_9.2\r\n\r\n"),
            new Bad("a request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
            new Bad("status 99", "HTTP/1.1 099 What\r\n\r\n"),
            new Bad("status 600", "HTTP/1.1 600 What\r\n\r\n"),
            new Bad("another version", "HTTP/2.0 200 OK\r\n\r\n"),
            new Bad(
                    "a 101 that nobody asked for",
                    "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"),
            new Bad("a 204 with a body", "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nab"),
            new Bad("a coding in 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            new Bad("bytes before the status line", "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));

    /** Chunked bodies, from behind a good first chunk on. */
    private static final List<Bad> BODIES = List.of(
            new Bad("no size", "\r\nabc\r\n"),
            new Bad("a signed size", "+3\r\nabc\r\n"),
            new Bad("more than the size", "3\r\nabcd\r\n"),
            new Bad("LF alone", "3\nabc\r\n"),
            new Bad("an endless size", "fffffffffffffffff\r\n"),
            new Bad("a forbidden trailer", "0\r\nContent-Length: 3\r\n\r\n"),
            new Bad("large trailers", "0\r\n" + ("X: " + "y".repeat(1000) + "\r\n").repeat(20) + "\r\n"));

    @TestFactory
    List<DynamicTest> badHeads() {
        List<DynamicTest> tests = new ArrayList<>();
        for (World.Kind kind : World.Kind.values()) {
            for (Bad bad : HEADS) {
                tests.add(DynamicTest.dynamicTest(kind + " " + bad.name, () -> badHead(kind, bad)));
            }
        }
        return tests;
    }

    private static void badHead(World.Kind kind, Bad bad) {
        try (World world = kind.create()) {
            Probe probe = new Probe(world.peer());
            world.start(probe.proxy());
            Wire client = world.connect();
            client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send(bad.bytes);
            assertThat(client.head()).startsWith("HTTP/1.1 502 Bad Gateway\r\n").doesNotContain("Connection: close");
            assertThat(client.until("\n")).isEqualTo("502 Bad Gateway\n");
            origin.rest();
            world.awaitQuiet();
            assertThat(world.server().stats().upstreamIdle()).isZero();
            assertThat(probe.logged()).containsExactly("/x UPSTREAM PROTOCOL");
            // It was not the client's fault: its connection goes on, the origin's does not.
            client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(world.accept().head()).startsWith("GET /next ");
        }
    }

    @TestFactory
    List<DynamicTest> badBodies() {
        List<DynamicTest> tests = new ArrayList<>();
        for (World.Kind kind : World.Kind.values()) {
            for (Bad bad : BODIES) {
                tests.add(DynamicTest.dynamicTest(kind + " " + bad.name, () -> badBody(kind, bad)));
            }
        }
        return tests;
    }

    private static void badBody(World.Kind kind, Bad bad) {
        try (World world = kind.create()) {
            Probe probe = new Probe(world.peer());
            world.start(probe.proxy());
            Wire client = world.connect();
            client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send(OK + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
            client.until("a\r\n");
            origin.send(bad.bytes);
            assertThat(client.rest()).doesNotContain("0\r\n\r\n");
            origin.rest();
            world.awaitQuiet();
            assertThat(world.server().stats().upstreamIdle()).isZero();
            assertThat(probe.logged()).containsExactly("/x UPSTREAM PROTOCOL");
        }
    }

    @ParameterizedTest
    @EnumSource
    void bytesBehindAResponseEndTheConnection(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire first = world.accept();
            first.head();
            first.send(OK + "Content-Length: 2\r\n\r\nok" + OK + "Content-Length: 4\r\n\r\nevil");
            client.head();
            assertThat(client.take(2)).isEqualTo("ok");
            first.rest();
            client.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire second = world.accept();
            second.head();
            second.send(OK + "Content-Length: 4\r\n\r\ngood");
            client.head();
            assertThat(client.take(4)).isEqualTo("good");
            assertThat(client.text()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aResponseBeforeItsRequestIsNobodys(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire first = world.accept();
            first.head();
            first.send(OK + "Content-Length: 0\r\n\r\n");
            client.head();
            first.send(OK + "Content-Length: 4\r\n\r\nevil");
            first.rest();
            world.await(() -> world.server().stats().upstreamIdle() == 0, () -> "the connection to be closed");
            client.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire second = world.accept();
            second.head();
            second.send("HTTP/1.1 204 No Content\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 204 ");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBodyBehindAHeadResponseIsNotTakenForTheNextOne(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send("HEAD /1 HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire first = world.accept();
            first.head();
            first.send(OK + "Content-Length: 4\r\n\r\nbody");
            assertThat(client.head()).contains("Content-Length: 4\r\n");
            first.rest();
            client.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire second = world.accept();
            second.head();
            second.send(OK + "Content-Length: 4\r\n\r\ngood");
            client.head();
            assertThat(client.take(4)).isEqualTo("good");
        }
    }
}
