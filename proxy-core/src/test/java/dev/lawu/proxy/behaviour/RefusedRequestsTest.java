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

/** Requests that RFC 9112 does not allow, or that could be read in two ways: each is refused, closed, counted and never forwarded. */
class RefusedRequestsTest {
    private record Bad(String name, int status, String reason, String bytes) {}

    private static final List<Bad> HEADS = new ArrayList<>();

    private static void bad(String name, int status, String reason, String bytes) {
        HEADS.add(new Bad(name, status, reason, bytes));
    }

    private static void field(String name, int status, String reason, String fields) {
        bad(name, status, reason, "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n\r\n");
    }

    static {
        field("6.1 length and coding", 400, "cl-and-te", "Content-Length: 4\r\nTransfer-Encoding: chunked");
        field("6.1 coding and length", 400, "cl-and-te", "Transfer-Encoding: chunked\r\nContent-Length: 4");
        field("6.3 two lengths", 400, "duplicate-content-length", "Content-Length: 4\r\nContent-Length: 5");
        field("6.3 the same length twice", 400, "duplicate-content-length", "Content-Length: 4\r\nContent-Length: 4");
        field("6.3 a list of lengths", 400, "bad-content-length", "Content-Length: 4, 4");
        field("8.6 a signed length", 400, "bad-content-length", "Content-Length: +4");
        field("8.6 a negative length", 400, "bad-content-length", "Content-Length: -4");
        field("8.6 a spaced length", 400, "bad-content-length", "Content-Length: 1 0");
        field("8.6 no length", 400, "bad-content-length", "Content-Length:");
        field("8.6 a hexadecimal length", 400, "bad-content-length", "Content-Length: 0x4");
        field("8.6 an endless length", 400, "bad-content-length", "Content-Length: 18446744073709551620");
        field("7 chunked is not last", 400, "bad-transfer-encoding", "Transfer-Encoding: chunked, identity");
        field("7 chunked twice", 400, "bad-transfer-encoding", "Transfer-Encoding: chunked, chunked");
        field(
                "7 chunked in two lines",
                400,
                "bad-transfer-encoding",
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked");
        field("7 misspelt", 400, "bad-transfer-encoding", "Transfer-Encoding: xchunked");
        field("7 with a parameter", 400, "bad-transfer-encoding", "Transfer-Encoding: chunked;x");
        field("7 unknown coding", 501, "unknown-transfer-coding", "Transfer-Encoding: gzip, chunked");
        field("5.2 folded", 400, "obs-fold", "X: a\r\n b");
        field("5.1 space before colon", 400, "space-before-colon", "X : a");
        field("5.1 no name", 400, "empty-field-name", ": a");
        field("5.1 no colon", 400, "bad-field-name", "Xa");
        field("5.1 bad name", 400, "bad-field-name", "X(: a");
        field("5.5 NUL", 400, "bad-field-value", "X: a\0b");
        field("5.5 control", 400, "bad-field-value", "X: a\u0001b");
        field("5.5 DEL", 400, "bad-field-value", "X: a\u007fb");
        field("2.2 CR in a value", 400, "bare-cr", "X: a\rb");
        field("2.2 LF alone behind a field", 400, "bare-lf", "X: a\nY: b");
        field("3.2 two hosts", 400, "duplicate-host", "Host: a");
        field("10.1.1 expectation", 417, "bad-expectation", "Expect: 200-ok");
        bad("2.2 LF alone behind the line", 400, "bare-lf", "GET / HTTP/1.1\nHost: a\r\n\r\n");
        bad("2.2 space before the first field", 400, "space-before-field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n");
        bad("2.2 empty lines", 400, "empty-line", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
        bad("3.2 no host", 400, "missing-host", "GET / HTTP/1.1\r\n\r\n");
        bad("3.2 bad host", 400, "bad-host", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n");
        bad("3.2 host with path", 400, "bad-host", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n");
        bad("3.2.2 another authority", 400, "host-mismatch", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n");
        bad("3.2.2 user information", 400, "bad-target", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n");
        bad("3.2 fragment", 400, "bad-target", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n");
        bad("3.2 control in target", 400, "bad-target", "GET /a\u0001 HTTP/1.1\r\nHost: a\r\n\r\n");
        bad("3.2 other scheme", 400, "bad-target", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n");
        bad("3.2.4 star", 400, "bad-target", "GET * HTTP/1.1\r\nHost: a\r\n\r\n");
        bad("3 no version", 400, "http-0.9", "GET /\r\n\r\n");
        bad("3 two spaces", 400, "bad-request-line", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n");
        bad("3 tab", 400, "bad-request-line", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n");
        bad("3 space behind the version", 400, "bad-request-line", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n");
        bad("2.3 lower case", 400, "bad-version", "GET / http/1.1\r\nHost: a\r\n\r\n");
        bad("2.3 version 2.0", 505, "unsupported-version", "GET / HTTP/2.0\r\nHost: a\r\n\r\n");
        bad("2.3 version 1.2", 505, "unsupported-version", "GET / HTTP/1.2\r\nHost: a\r\n\r\n");
        bad("6.1 coding in 1.0", 400, "te-in-1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        bad(
                "9.3.6 CONNECT with body",
                400,
                "connect-with-body",
                "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nContent-Length: 2\r\n\r\nhi");
        bad("a TLS hello", 400, "bad-request-line", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000");
        bad("long line", 414, "request-line-too-long", "GET /" + "x".repeat(9000) + " HTTP/1.1\r\nHost: a\r\n\r\n");
        field("large head", 431, "section-too-large", ("X: " + "y".repeat(8000) + "\r\n").repeat(5) + "Z: z");
        field("many fields", 431, "too-many-fields", "X: y\r\n".repeat(130) + "Z: z");
    }

    /** Chunked bodies, from behind the head on. */
    private static final List<Bad> BODIES = List.of(
            new Bad("7.1 no size", 400, "bad-chunk-size", "\r\nabc"),
            new Bad("7.1 a signed size", 400, "bad-chunk-size", "+3\r\nabc\r\n0\r\n\r\n"),
            new Bad("7.1 a prefixed size", 400, "bad-chunk-size", "0x3\r\nabc\r\n0\r\n\r\n"),
            new Bad("7.1 an endless size", 400, "bad-chunk-size", "fffffffffffffffff\r\nabc"),
            new Bad("7.1 space behind a size", 400, "bad-chunk-extension", "3 \r\nabc\r\n0\r\n\r\n"),
            new Bad("7.1 LF alone", 400, "bare-lf", "3\nabc\r\n0\r\n\r\n"),
            new Bad("7.1 more data than the size", 400, "bad-chunk-end", "3\r\nabcd\r\n0\r\n\r\n"),
            new Bad("7.1.1 CR in an extension", 400, "bare-cr", "3;a\rb\r\nabc\r\n0\r\n\r\n"),
            new Bad("7.1.1 a long extension", 400, "chunk-line-too-long", "3;" + "a".repeat(20_000)),
            new Bad("6.5.1 a forbidden trailer", 400, "forbidden-trailer", "0\r\nContent-Length: 3\r\n\r\n"),
            new Bad("6.5.1 host as trailer", 400, "forbidden-trailer", "0\r\nHost: b\r\n\r\n"),
            new Bad("5.2 a folded trailer", 400, "obs-fold", "0\r\nX: a\r\n b\r\n\r\n"));

    @TestFactory
    List<DynamicTest> refusedHeads() {
        List<DynamicTest> tests = new ArrayList<>();
        for (World.Kind kind : World.Kind.values()) {
            for (Bad bad : HEADS) {
                tests.add(DynamicTest.dynamicTest(kind + " " + bad.name, () -> refuses(kind, bad)));
            }
        }
        return tests;
    }

    /** What follows a refused message must not be read as another one. */
    private static void refuses(World.Kind kind, Bad bad) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send(bad.bytes + "\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
            String answer = client.rest();
            assertThat(answer).startsWith("HTTP/1.1 " + bad.status + " ").contains("Connection: close\r\n");
            assertThat(answer.split("HTTP/1.1 ", -1))
                    .as("one answer in %s", answer)
                    .hasSize(2);
            assertThat(world.accepted()).isZero();
            assertThat(world.server().stats().requests()).isZero();
            assertThat(world.server().stats().refused()).containsOnlyKeys(bad.reason);
            assertThat(world.server().stats().refused()).containsEntry(bad.reason, 1L);
        }
    }

    @TestFactory
    List<DynamicTest> refusedBodies() {
        List<DynamicTest> tests = new ArrayList<>();
        for (World.Kind kind : World.Kind.values()) {
            for (Bad bad : BODIES) {
                tests.add(DynamicTest.dynamicTest(kind + " " + bad.name, () -> refusesBody(kind, bad)));
            }
        }
        return tests;
    }

    private static void refusesBody(World.Kind kind, Bad bad) {
        try (World world = kind.create()) {
            Probe probe = new Probe(world.peer());
            world.start(probe.proxy());
            Wire client = world.connect();
            client.send("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            client.send(bad.bytes + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
            String answer = client.rest();
            assertThat(answer).startsWith("HTTP/1.1 " + bad.status + " ").contains("Connection: close\r\n");
            assertThat(answer.split("HTTP/1.1 ", -1)).hasSize(2);
            // The origin sees that the message is not whole.
            assertThat(origin.rest()).doesNotContain("0\r\n\r\n").doesNotContain("smuggled");
            world.awaitQuiet();
            assertThat(world.server().stats().refused()).containsEntry(bad.reason, 1L);
            assertThat(world.server().stats().upstreamIdle()).isZero();
            assertThat(probe.logged()).containsExactly("/x DOWNSTREAM PROTOCOL");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBadRequestBehindAGoodOneWaitsForItsTurn(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send(
                    "GET /good HTTP/1.1\r\nHost: a\r\n\r\nGET /bad HTTP/1.1\r\n\r\nGET /c HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            client.head();
            assertThat(client.take(2)).isEqualTo("ok");
            assertThat(client.rest()).startsWith("HTTP/1.1 400 ");
            assertThat(world.server().stats().requests()).isEqualTo(1);
            assertThat(origin.text()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRefusedBodyAfterTheResponseBeganResetsIt(World.Kind kind) {
        try (World world = kind.create()) {
            Probe probe = new Probe(world.peer());
            world.start(probe.proxy());
            Wire client = world.connect();
            client.send("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nb\r\n");
            client.until("b\r\n");
            client.send("zz\r\n");
            assertThat(client.rest()).doesNotContain("0\r\n\r\n").doesNotContain("HTTP/1.1");
            origin.rest();
            world.awaitQuiet();
            assertThat(probe.logged()).containsExactly("/x DOWNSTREAM PROTOCOL");
        }
    }
}
