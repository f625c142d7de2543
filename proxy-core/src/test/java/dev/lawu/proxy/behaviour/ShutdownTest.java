package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.Plugin;
import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.spi.RandomSource;
import dev.lawu.proxy.testing.Simulation;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Draining and ending, and starting again. */
class ShutdownTest {
    private static HttpProxy local() {
        return new Probe(
                        session -> {
                            throw new AssertionError("no upstream is wanted");
                        },
                        session -> FilterResult.respond(LocalResponse.of(200).text("hi")))
                .proxy();
    }

    private static CompletableFuture<Void> shutdown(World world) {
        return world.server().shutdown().toCompletableFuture();
    }

    private static void done(World world, CompletableFuture<Void> shutdown) {
        world.await(
                shutdown::isDone,
                () -> "the end of the shutdown; found " + world.server().stats());
    }

    @ParameterizedTest
    @EnumSource
    void runningRequestsEndAndIdleConnectionsAreClosed(World.Kind kind) {
        try (World world = kind.create()) {
            Probe probe = new Probe(world.peer());
            world.start(probe.proxy());
            Wire idle = world.connect();
            Wire waiting = world.connect();
            waiting.send("GET /waiting HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire first = world.accept();
            first.head();
            Wire reading = world.connect();
            reading.send("GET /reading HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire second = world.accept();
            second.head();
            second.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
            reading.until("hello");
            world.await(() -> world.server().stats().connections() == 3, () -> "three connections");
            CompletableFuture<Void> shutdown = shutdown(world);
            assertThat(world.server().isReady()).isFalse();
            assertThat(idle.rest()).isEmpty();
            assertThat(shutdown).isNotDone();
            first.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            assertThat(waiting.head()).contains("Connection: close\r\n");
            assertThat(waiting.rest()).isEqualTo("ok");
            second.send("world");
            assertThat(reading.rest()).isEqualTo("world");
            done(world, shutdown);
            assertThat(probe.logged()).containsExactlyInAnyOrder("/waiting", "/reading");
            first.rest();
            second.rest();
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatDoesNotEndIsCutOff(World.Kind kind) {
        try (World world = kind.create()) {
            Probe probe = new Probe(world.peer());
            world.start(probe.proxy());
            Wire client = world.connect();
            client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            CompletableFuture<Void> shutdown = shutdown(world);
            world.elapse(Duration.ofMillis(100));
            assertThat(shutdown).isNotDone();
            if (world.isSimulated()) {
                world.elapse(Duration.ofSeconds(30));
            }
            done(world, shutdown);
            client.rest();
            origin.rest();
            assertThat(probe.logged()).containsExactly("/x INTERNAL SHUTDOWN");
        }
    }

    @ParameterizedTest
    @EnumSource
    void anOpenTunnelIsCutOffWhenTheTimeHasPassed(World.Kind kind) {
        try (World world = kind.create()) {
            Probe probe = new Probe(world.peer());
            world.start(probe.proxy());
            Wire client = world.connect();
            client.send("GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
            client.head();
            CompletableFuture<Void> shutdown = shutdown(world);
            client.send("still open;");
            origin.until("still open;");
            if (world.isSimulated()) {
                world.elapse(Duration.ofSeconds(30));
            }
            done(world, shutdown);
            client.rest();
            origin.rest();
            assertThat(probe.logged()).containsExactly("/chat INTERNAL SHUTDOWN");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aPendingCallbackIsCutOff(World.Kind kind) {
        CompletableFuture<FilterResult> pending = new CompletableFuture<>();
        try (World world = kind.create()) {
            Probe probe = new Probe(session -> world.peer(), session -> FilterResult.async(pending));
            world.start(probe.proxy());
            Wire client = world.connect();
            client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
            world.await(() -> world.server().stats().exchanges() == 1, () -> "the exchange");
            CompletableFuture<Void> shutdown = shutdown(world);
            if (world.isSimulated()) {
                world.elapse(Duration.ofSeconds(30));
            }
            done(world, shutdown);
            assertThat(probe.logged()).containsExactly("/x INTERNAL SHUTDOWN");
            pending.complete(FilterResult.proceed()); // its loop is gone: nothing happens, and nobody is told off
            client.rest();
        }
    }

    private static ProxyServer serve(int port, int loops) {
        return ProxyServer.builder(local())
                .listen("127.0.0.1", port)
                .eventLoops(loops)
                .drainTimeout(Duration.ofSeconds(5))
                .start();
    }

    private static String get(InetSocketAddress address) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(address);
            socket.getOutputStream()
                    .write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                            .getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    @Test
    void aServerStartsAgainOnItsPort() throws IOException {
        int port = 0;
        for (int i = 0; i < 5; i++) {
            ProxyServer server = serve(port, 2);
            port = server.address().getPort();
            assertThat(get(server.address())).startsWith("HTTP/1.1 200 OK\r\n").endsWith("hi");
            server.close();
            server.close();
            InetSocketAddress address = new InetSocketAddress("127.0.0.1", port);
            assertThatThrownBy(() -> get(address)).isInstanceOf(ConnectException.class);
        }
    }

    @Test
    void aBusyPortIsNamed() throws IOException {
        try (ServerSocket busy = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            int port = busy.getLocalPort();
            assertThatThrownBy(() -> serve(port, 1))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageStartingWith("cannot listen on 127.0.0.1:" + port + ": ")
                    .hasMessageContaining("expected: a free port");
        }
    }

    @Test
    void whenOneAddressIsBusyNoneIsLeftListening() throws IOException {
        int free;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            free = socket.getLocalPort();
        }
        try (ServerSocket busy = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            ProxyServer.Builder builder = ProxyServer.builder(local())
                    .listen("127.0.0.1", free)
                    .listen("127.0.0.1", busy.getLocalPort())
                    .eventLoops(2);
            for (int i = 0; i < 5; i++) {
                assertThatThrownBy(builder::start).isInstanceOf(IllegalStateException.class);
                InetSocketAddress address = new InetSocketAddress("127.0.0.1", free);
                assertThatThrownBy(() -> get(address)).isInstanceOf(ConnectException.class);
            }
        }
    }

    /** In a simulation, whose loops only run while somebody waits for them. */
    @Test
    void aBusyAddressEndsTheLoops() {
        try (Simulation simulation = Simulation.create()) {
            simulation.listen("10.0.0.1", 8080);
            assertThatThrownBy(() -> simulation.start(local()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageStartingWith("cannot listen on 10.0.0.1:8080: ");
        }
    }

    @Test
    void aFailureBeforeTheStartEndsTheLoops() {
        try (Simulation simulation = Simulation.create()) {
            ProxyServer.Builder builder = ProxyServer.builder(local())
                    .listen("10.0.0.1", 8080)
                    .plugIn(simulation.newTransport())
                    .plugIn(simulation.timeSource())
                    .plugIn((RandomSource) () -> {
                        throw new IllegalStateException("thrown by a test");
                    });
            assertThatThrownBy(builder::start).hasMessage("thrown by a test");
        } // which finds the loops that were not shut down
    }

    @Test
    void aPluginThatNobodyLooksForIsRefused() {
        final class Stranger implements Plugin {}
        HttpProxy ofProxy =
                HttpProxy.builder(local().proxyHttp()).plugIn(new Stranger()).build();
        assertThatThrownBy(() ->
                        ProxyServer.builder(ofProxy).listen("127.0.0.1", 0).start())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Stranger (expected: an ExchangeInterceptor;");
        ProxyServer.Builder ofServer =
                ProxyServer.builder(local()).listen("127.0.0.1", 0).plugIn(new Stranger());
        assertThatThrownBy(ofServer::start)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Stranger (expected: a Transport, a TimeSource or a RandomSource;");
    }
}
