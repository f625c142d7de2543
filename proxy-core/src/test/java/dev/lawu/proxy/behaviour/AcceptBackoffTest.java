package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.spi.BindRequest;
import dev.lawu.proxy.spi.Transport;
import dev.lawu.proxy.testing.SimulatedConnection;
import dev.lawu.proxy.testing.Simulation;
import dev.lawu.proxy.upstream.PeerOptions;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** A process that has no file descriptors left. */
class AcceptBackoffTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    private static HttpProxy local() {
        return new Probe(
                        session -> {
                            throw new AssertionError("no upstream is wanted");
                        },
                        session -> FilterResult.respond(LocalResponse.of(200).text("hi")))
                .proxy();
    }

    /** Lets a test fail accepting. */
    private static final class Failing implements Transport {
        private final Transport transport;
        private Channel listening;

        Failing(Transport transport) {
            this.transport = transport;
        }

        void fail() {
            listening
                    .eventLoop()
                    .execute(() -> listening
                            .pipeline()
                            .fireExceptionCaught(new IOException("accept(..) failed: Too many open files")));
        }

        @Override
        public EventLoopGroup eventLoops(int count) {
            return transport.eventLoops(count);
        }

        @Override
        public ChannelFuture bind(BindRequest request) {
            ChannelFuture bound = transport.bind(request);
            listening = bound.channel();
            return bound;
        }

        @Override
        public ChannelFuture connect(
                EventLoop loop, SocketAddress remote, PeerOptions options, Consumer<Channel> created) {
            return transport.connect(loop, remote, options, created);
        }
    }

    @Test
    void eachFailureInARowDoublesThePauseAndASuccessEndsThem() {
        try (Simulation simulation = Simulation.create()) {
            Failing transport = new Failing(simulation.newTransport());
            ProxyServer server = ProxyServer.builder(local())
                    .listen("10.0.0.1", 80)
                    .eventLoops(1)
                    .plugIn(transport)
                    .plugIn(simulation.timeSource())
                    .plugIn(simulation.randomSource())
                    .start();
            simulation.run();
            assertThat(server.isReady()).isTrue();
            long failures = 0;
            for (int millis : new int[] {50, 100, 200, 400, 800, 1000, 1000}) {
                transport.fail();
                transport.fail(); // a second one in the pause changes nothing
                simulation.run();
                failures += 2;
                assertThat(server.isReady()).isFalse();
                simulation.advance(Duration.ofMillis(millis - 1));
                assertThat(server.isReady()).as("within %d ms", millis).isFalse();
                simulation.advance(Duration.ofMillis(1));
                assertThat(server.isReady()).as("after %d ms", millis).isTrue();
            }
            assertThat(server.stats().acceptFailures()).isEqualTo(failures);
            transport.fail();
            simulation.run();
            SimulatedConnection client = simulation.connect(server.address());
            client.send(GET);
            simulation.advance(Duration.ofMillis(999));
            assertThat(client.received()).isEmpty();
            simulation.advance(Duration.ofMillis(1));
            assertThat(client.received()).endsWith("hi");
            transport.fail();
            simulation.run();
            simulation.advance(Duration.ofMillis(50)); // the first pause again
            assertThat(server.isReady()).isTrue();
            transport.fail();
            simulation.run();
            server.shutdown(); // within a pause
            simulation.advance(Duration.ofSeconds(2));
            assertThat(server.shutdown().toCompletableFuture()).isDone();
        }
    }

    /** Runs in a process of its own, with few file descriptors. */
    public static void main(String[] arguments) throws IOException {
        ProxyServer server = ProxyServer.builder(local())
                .listen("127.0.0.1", 0)
                .eventLoops(1)
                .start();
        System.out.println("port " + server.address().getPort());
        while (System.in.read() >= 0) {}
        server.close();
        System.out.println("closed");
    }

    @Test
    void aProcessWithoutDescriptorsNeitherSpinsNorDies() throws Exception {
        Process process = new ProcessBuilder(
                        "bash",
                        "-c",
                        "ulimit -n 100 && exec \"$@\"",
                        "-",
                        ProcessHandle.current().info().command().orElse("java"),
                        "-Xmx128m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        AcceptBackoffTest.class.getName())
                .redirectErrorStream(true)
                .start();
        List<String> lines = new CopyOnWriteArrayList<>();
        Thread reader = new Thread(() -> {
            try (BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream()))) {
                for (String line = out.readLine(); line != null; line = out.readLine()) {
                    lines.add(line);
                }
            } catch (IOException e) {
                lines.add(e.toString());
            }
        });
        reader.start();
        List<Socket> clients = new ArrayList<>();
        try {
            await(lines, () -> lines.stream().anyMatch(line -> line.startsWith("port ")));
            int port = Integer.parseInt(lines.stream()
                    .filter(line -> line.startsWith("port "))
                    .findFirst()
                    .orElseThrow()
                    .substring(5));
            InetSocketAddress address = new InetSocketAddress("127.0.0.1", port);
            Socket early = connect(address, clients);
            assertThat(answer(early)).startsWith("HTTP/1.1 200");
            for (int i = 0; i < 150; i++) {
                connect(address, clients);
            }
            await(lines, () -> warnings(lines) >= 1);
            Duration before = process.info().totalCpuDuration().orElseThrow();
            long from = System.nanoTime();
            await(lines, () -> warnings(lines) >= 3);
            Duration used = process.info().totalCpuDuration().orElseThrow().minus(before);
            Duration passed = Duration.ofNanos(System.nanoTime() - from);
            assertThat(passed).isGreaterThan(Duration.ofMillis(1500)); // once a second at most
            assertThat(used).isLessThan(passed.dividedBy(2));
            assertThat(answer(early)).startsWith("HTTP/1.1 200"); // who is connected is served
            Socket last = clients.get(clients.size() - 1);
            for (Socket client : clients) {
                if (client != last) {
                    client.close();
                }
            }
            assertThat(answer(last)).startsWith("HTTP/1.1 200");
            process.getOutputStream().close();
            assertThat(process.waitFor()).isZero();
            reader.join();
            assertThat(lines).contains("closed");
        } finally {
            for (Socket client : clients) {
                client.close();
            }
            process.destroyForcibly();
        }
    }

    private static long warnings(List<String> lines) {
        return lines.stream().filter(line -> line.contains("cannot accept")).count();
    }

    private static Socket connect(InetSocketAddress address, List<Socket> clients) throws IOException {
        Socket client = new Socket();
        clients.add(client);
        client.connect(address, 10_000);
        client.setSoTimeout(20_000);
        return client;
    }

    private static String answer(Socket client) throws IOException {
        client.getOutputStream().write(GET.getBytes(StandardCharsets.US_ASCII));
        StringBuilder text = new StringBuilder();
        while (!text.toString().endsWith("hi")) {
            int next = client.getInputStream().read();
            if (next < 0) {
                throw new AssertionError("the end after <" + text + ">");
            }
            text.append((char) next);
        }
        return text.toString();
    }

    private static void await(List<String> lines, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("not within 20 s: " + lines);
            }
            Thread.sleep(10);
        }
    }
}
