package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Requests that are sent ahead are answered in their order (RFC 9112, section 9.3.2). */
class PipeliningTest {
    @ParameterizedTest
    @EnumSource
    void fiftyRequestsWithBodiesAreAnsweredInOrder(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            StringBuilder all = new StringBuilder();
            for (int i = 0; i < 50; i++) {
                String body = "body" + i;
                all.append("POST /").append(i).append(" HTTP/1.1\r\nHost: a\r\n");
                if (i % 2 == 0) {
                    all.append("Content-Length: ")
                            .append(body.length())
                            .append("\r\n\r\n")
                            .append(body);
                } else {
                    all.append("Transfer-Encoding: chunked\r\n\r\n")
                            .append(Integer.toHexString(body.length()))
                            .append("\r\n")
                            .append(body)
                            .append("\r\n0\r\n\r\n");
                }
            }
            client.send(all.toString());
            Wire origin = world.accept();
            for (int i = 0; i < 50; i++) {
                assertThat(origin.head()).startsWith("POST /" + i + " ");
                String body = "body" + i;
                assertThat(i % 2 == 0 ? origin.take(body.length()) : Bodies.chunked(origin))
                        .isEqualTo(body);
                origin.send("HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
            }
            for (int i = 0; i < 50; i++) {
                assertThat(client.head()).startsWith("HTTP/1.1 200 OK\r\n");
                assertThat(client.take(("body" + i).length())).isEqualTo("body" + i);
            }
            assertThat(world.accepted()).isEqualTo(1);
            assertThat(world.server().stats().requests()).isEqualTo(50);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSlowFirstOneHoldsUpThoseBehindIt(World.Kind kind) {
        CompletableFuture<FilterResult> slow = new CompletableFuture<>();
        Probe probe = new Probe(
                session -> {
                    throw new AssertionError("no upstream is wanted");
                },
                session -> session.request().target().equals("/slow")
                        ? FilterResult.async(slow)
                        : FilterResult.respond(
                                LocalResponse.of(200).text(session.request().target())));
        try (World world = kind.create()) {
            world.start(probe.proxy());
            Wire client = world.connect();
            client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
                    + "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
            world.await(() -> world.server().stats().exchanges() == 1, () -> "the first exchange");
            assertThat(client.text()).isEmpty();
            slow.complete(FilterResult.respond(LocalResponse.of(200).text("/slow")));
            for (String expected : new String[] {"/slow", "/2", "/3"}) {
                client.head();
                assertThat(client.take(expected.length())).isEqualTo(expected);
            }
            assertThat(probe.logged()).containsExactly("/slow", "/2", "/3");
        }
    }

    @ParameterizedTest
    @EnumSource
    void nothingBehindALastRequestIsAnswered(World.Kind kind) {
        Probe probe = new Probe(
                session -> {
                    throw new AssertionError("no upstream is wanted");
                },
                session -> FilterResult.respond(
                        LocalResponse.of(200).text(session.request().target())));
        try (World world = kind.create()) {
            world.start(probe.proxy());
            Wire client = world.connect();
            client.send("GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(client.head()).contains("Connection: close\r\n");
            assertThat(client.rest()).isEqualTo("/1");
            world.awaitQuiet();
            assertThat(probe.logged()).containsExactly("/1");
        }
    }

    @ParameterizedTest
    @EnumSource
    void theConnectionEndsAfterItsMostRequests(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer(), options -> options.maxRequestsPerConnection(2)));
            Wire client = world.connect();
            client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
                    + "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 204 No Content\r\n\r\n");
            assertThat(client.head()).doesNotContain("close");
            origin.head();
            origin.send("HTTP/1.1 204 No Content\r\n\r\n");
            assertThat(client.head()).contains("Connection: close\r\n");
            assertThat(client.rest()).isEmpty();
            assertThat(world.server().stats().requests()).isEqualTo(2);
        }
    }
}
