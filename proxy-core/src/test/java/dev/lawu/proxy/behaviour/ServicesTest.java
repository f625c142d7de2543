package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lawu.proxy.BackgroundService;
import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import dev.lawu.proxy.upstream.HttpPeer;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What lives as long as a server. */
class ServicesTest {
    private final List<String> events = new CopyOnWriteArrayList<>();

    private class Noted implements BackgroundService {
        private final String name;

        Noted(String name) {
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public void start(ProxyServer server) throws Exception {
            events.add("start " + name + (server.isReady() ? " ready" : ""));
        }

        @Override
        public CompletionStage<Void> stop() {
            events.add("stop " + name);
            return CompletableFuture.completedFuture(null);
        }
    }

    @ParameterizedTest
    @EnumSource
    void theyStartBeforeTheFirstRequestAndStopAfterTheLast(World.Kind kind) {
        try (World world = kind.create()) {
            Probe probe = new Probe(world.peer());
            world.start(probe.proxy(), server -> server.service(new Noted("a")).service(new Noted("b")));
            assertThat(events).containsExactly("start a", "start b");
            assertThat(world.server().isReady()).isTrue();
            Wire client = world.connect();
            client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            CompletableFuture<Void> done = world.server().shutdown().toCompletableFuture();
            world.elapse(Duration.ofMillis(20));
            assertThat(events).hasSize(2);
            origin.send("HTTP/1.1 204 No Content\r\n\r\n");
            client.rest();
            world.await(done::isDone, () -> "the end");
            assertThat(events).containsExactly("start a", "start b", "stop b", "stop a");
        }
        assertThat(events).hasSize(4); // closing again stops nobody again
    }

    @ParameterizedTest
    @EnumSource
    void requestsThatAreCutOffAreGoneBeforeTheyStop(World.Kind kind) {
        try (World world = kind.create()) {
            Probe probe = new Probe(world.peer());
            world.start(
                    probe.proxy(),
                    server -> server.drainTimeout(Duration.ofMillis(50)).service(new Noted("a") {
                        @Override
                        public CompletionStage<Void> stop() {
                            events.add("requests: " + world.server().stats().exchanges());
                            return super.stop();
                        }
                    }));
            Wire client = world.connect();
            client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
            world.accept().head();
            CompletableFuture<Void> done = world.server().shutdown().toCompletableFuture();
            world.await(done::isDone, () -> "the end");
            client.rest();
            assertThat(events).containsExactly("start a", "requests: 0", "stop a");
        }
    }

    @ParameterizedTest
    @EnumSource
    void oneThatDoesNotStopIsLeftAlone(World.Kind kind) {
        CompletableFuture<Void> never = new CompletableFuture<>();
        try (World world = kind.create()) {
            world.start(
                    Probe.to(world.peer()),
                    server -> server.serviceStopTimeout(Duration.ofMillis(200))
                            .service(new Noted("first"))
                            .service(new Noted("stuck") {
                                @Override
                                public CompletionStage<Void> stop() {
                                    super.stop();
                                    return never;
                                }
                            }));
            CompletableFuture<Void> done = world.server().shutdown().toCompletableFuture();
            world.elapse(Duration.ofMillis(100));
            assertThat(done).isNotDone();
            world.await(done::isDone, () -> "the end");
            assertThat(events).containsExactly("start first", "start stuck", "stop stuck");
        }
    }

    @ParameterizedTest
    @EnumSource
    void oneThatFailsToStopHoldsUpNobody(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(
                    Probe.to(world.peer()),
                    server -> server.service(new Noted("first"))
                            .service(new Noted("null") {
                                @Override
                                public CompletionStage<Void> stop() {
                                    super.stop();
                                    return null;
                                }
                            })
                            .service(new Noted("throws") {
                                @Override
                                public CompletionStage<Void> stop() {
                                    super.stop();
                                    throw new IllegalStateException("thrown by a test");
                                }
                            }));
            CompletableFuture<Void> done = world.server().shutdown().toCompletableFuture();
            world.await(done::isDone, () -> "the end");
            assertThat(events.subList(3, 6)).containsExactly("stop throws", "stop null", "stop first");
        }
    }

    @Test
    void aStartThatFailsLeavesNothingBehind() throws Exception {
        InetSocketAddress[] address = new InetSocketAddress[1];
        ProxyServer.Builder builder = ProxyServer.builder(Probe.to(HttpPeer.of("127.0.0.1", 1)))
                .listen("127.0.0.1", 0)
                .eventLoops(2)
                .service(new Noted("good"))
                .service(new Noted("bad") {
                    @Override
                    public void start(ProxyServer server) throws Exception {
                        address[0] = server.address();
                        throw new IOException("no configuration");
                    }
                })
                .service(new Noted("never"));
        for (int i = 0; i < 3; i++) {
            events.clear();
            assertThatThrownBy(builder::start)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("service bad did not start: java.io.IOException: no configuration");
            assertThat(events).containsExactly("start good", "stop good");
            assertThatThrownBy(() -> new Socket(address[0].getAddress(), address[0].getPort()))
                    .isInstanceOf(ConnectException.class);
        }
    }

    @Test
    void aServiceMayEndTheServerThatItStartsWith() {
        ProxyServer.Builder builder = ProxyServer.builder(Probe.to(HttpPeer.of("127.0.0.1", 1)))
                .listen("127.0.0.1", 0)
                .eventLoops(1)
                .service(new Noted("a") {
                    @Override
                    public void start(ProxyServer server) throws Exception {
                        super.start(server);
                        server.shutdown();
                    }
                });
        assertThatThrownBy(builder::start).hasMessageContaining("shut down while it was being started");
        assertThat(events).containsExactly("start a", "stop a");
    }

    /** Who connects meanwhile waits; nobody is turned away and nobody is served too early. */
    @Test
    void nobodyIsServedBeforeTheyHaveStarted() throws Exception {
        Socket[] early = new Socket[1];
        ProxyServer server = ProxyServer.builder(new Probe(
                                session -> {
                                    throw new AssertionError("no upstream is wanted");
                                },
                                session -> {
                                    events.add("request");
                                    return FilterResult.respond(LocalResponse.of(204));
                                })
                        .proxy())
                .listen("127.0.0.1", 0)
                .eventLoops(1)
                .service(new Noted("a") {
                    @Override
                    public void start(ProxyServer starting) throws Exception {
                        early[0] = new Socket(
                                starting.address().getAddress(),
                                starting.address().getPort());
                        early[0].setSoTimeout(10_000);
                        early[0].getOutputStream().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes("US-ASCII"));
                        early[0].setSoTimeout(100);
                        assertThatThrownBy(() -> early[0].getInputStream().read())
                                .isInstanceOf(SocketTimeoutException.class);
                        super.start(starting);
                    }
                })
                .start();
        try (Socket client = early[0]) {
            client.setSoTimeout(10_000);
            assertThat(client.getInputStream().read()).isEqualTo('H');
            assertThat(events).containsExactly("start a", "request");
        } finally {
            server.close();
        }
    }
}
