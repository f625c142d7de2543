package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.ServerStats;
import dev.lawu.proxy.internal.transport.SocketTransport;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerOptions;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The pool over four event loops, on real sockets. */
class PoolSocketsTest {
    private static final int LOOPS = 4;

    enum Kind {
        /** What the machine has: epoll on Linux. */
        BEST,
        NIO;

        SocketTransport transport() {
            return this == NIO ? new SocketTransport(false) : new SocketTransport();
        }
    }

    private static ProxyServer start(Kind kind, HttpProxy proxy) {
        return ProxyServer.builder(proxy)
                .listen("127.0.0.1", 0)
                .eventLoops(LOOPS)
                .plugIn(kind.transport())
                .drainTimeout(Duration.ofSeconds(2))
                .start();
    }

    private static void await(BooleanSupplier condition, ProxyServer server) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(() -> server.stats().toString()).isLessThan(end);
            Thread.sleep(1);
        }
    }

    /** Requests that take turns between loops: quick and slow ones, with and without bodies, and pauses. */
    @ParameterizedTest
    @EnumSource
    void connectionsAreMadeOnceAndUsedByAllLoops(Kind kind) throws Exception {
        int clients = 4;
        int each = 3000;
        ExecutorService threads = Executors.newCachedThreadPool();
        try (Origin origin = new Origin(threads);
                ProxyServer server = start(kind, Probe.to(origin.peer()))) {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < clients; i++) {
                SplittableRandom random = new SplittableRandom(i);
                String name = "c" + i;
                running.add(threads.submit(() -> {
                    Client client = new Client(server);
                    for (int k = 0; k < each; k++) {
                        String target = "/" + name + "-" + k;
                        String body = "x".repeat(random.nextInt(4) == 0 ? random.nextInt(20_000) : 0);
                        assertThat(client.exchange(target, body)).isEqualTo(target + body.length());
                        if (random.nextInt(50) == 0) {
                            Thread.sleep(random.nextInt(3));
                        }
                        if (random.nextInt(30) == 0) {
                            client.close();
                            client = new Client(server); // on the next loop
                        }
                    }
                    client.close();
                    return null;
                }));
            }
            for (Future<?> client : running) {
                client.get(50, TimeUnit.SECONDS);
            }
            await(() -> server.stats().upstreamActive() == 0, server);
            ServerStats stats = server.stats();
            assertThat(stats.requests()).isEqualTo((long) clients * each);
            double reuse = 1 - (double) origin.accepted.get() / stats.requests();
            assertThat(reuse).as(stats.toString()).isGreaterThanOrEqualTo(0.999);
            assertThat(stats.upstreamTakeovers()).isPositive();
            assertThat((long) stats.upstreamIdle()).isEqualTo(stats.upstreamConnects());
            assertThat(stats.upstreamClosed()).isEmpty();
        } finally {
            threads.shutdownNow();
        }
    }

    /** As few connections as clients that are active at a time, though every request comes on another loop. */
    @ParameterizedTest
    @EnumSource
    void oneConnectionServesAllLoopsInTurn(Kind kind) throws Exception {
        ExecutorService threads = Executors.newCachedThreadPool();
        try (Origin origin = new Origin(threads);
                ProxyServer server = start(
                        kind,
                        Probe.to(origin.peer()
                                .withOptions(PeerOptions.builder()
                                        .maxConnectionsPerPeer(1)
                                        .build())))) {
            List<Client> clients = new ArrayList<>();
            for (int i = 0; i < LOOPS; i++) {
                clients.add(new Client(server));
            }
            for (int i = 0; i < 400; i++) {
                assertThat(clients.get(i % LOOPS).exchange("/" + i, "")).isEqualTo("/" + i + "0");
            }
            for (Client client : clients) {
                client.close();
            }
            assertThat(origin.accepted.get()).isEqualTo(1);
            assertThat(server.stats().upstreamTakeovers()).isGreaterThan(300);
        } finally {
            threads.shutdownNow();
        }
    }

    /** A loop that has the idle connection but is held up in a callback does not hold up another one. */
    @ParameterizedTest
    @EnumSource
    void aLoopThatIsHeldUpIsNotWaitedFor(Kind kind) throws Exception {
        ExecutorService threads = Executors.newCachedThreadPool();
        CountDownLatch held = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        try (Origin origin = new Origin(threads)) {
            Probe probe = new Probe(session -> origin.peer(), session -> {
                if (session.request().target().equals("/hold")) {
                    held.countDown();
                    try {
                        release.await(30, TimeUnit.SECONDS);
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                }
                return session.request().target().equals("/hold")
                        ? FilterResult.respond(LocalResponse.of(200).text("held"))
                        : FilterResult.proceed();
            });
            try (ProxyServer server = start(kind, probe.proxy())) {
                List<Client> clients = new ArrayList<>();
                for (int i = 0; i <= LOOPS; i++) {
                    clients.add(new Client(server)); // the last is on the loop of the first
                }
                clients.get(0).exchange("/a", "");
                await(() -> server.stats().upstreamIdle() == 1, server);
                clients.get(LOOPS).send("/hold", "");
                assertThat(held.await(10, TimeUnit.SECONDS)).isTrue();

                for (int i = 0; i < 200; i++) {
                    long start = System.nanoTime();
                    assertThat(clients.get(1).exchange("/b" + i, "")).isEqualTo("/b" + i + "0");
                    // Far less than the hold, and far more than any pause of this machine.
                    assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(5));
                }
                assertThat(release.getCount()).isEqualTo(1); // it is held up still
                assertThat(server.stats().upstreamConnects()).isEqualTo(2);
                assertThat(server.stats().upstreamTakeovers()).isZero();

                release.countDown();
                assertThat(clients.get(LOOPS).receive()).isEqualTo("held");
                // What was asked for comes late, and is kept where it came.
                await(() -> server.stats().upstreamTakeovers() >= 1, server);
                await(() -> server.stats().upstreamActive() == 0, server);
                assertThat(server.stats().upstreamIdle()).isEqualTo(2);
                for (Client client : clients) {
                    client.close();
                }
            }
        } finally {
            release.countDown();
            threads.shutdownNow();
        }
    }

    /** A client of HTTP/1.1 that knows Content-Length alone. */
    private static final class Client implements AutoCloseable {
        private final Socket socket;
        private final InputStream in;

        Client(ProxyServer server) throws IOException {
            socket = new Socket();
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(20_000);
            socket.connect(server.address());
            in = new BufferedInputStream(socket.getInputStream());
        }

        String exchange(String target, String body) throws IOException {
            send(target, body);
            return receive();
        }

        void send(String target, String body) throws IOException {
            String head = body.isEmpty()
                    ? "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n"
                    : "POST " + target + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + body.length() + "\r\n\r\n";
            socket.getOutputStream().write((head + body).getBytes(StandardCharsets.ISO_8859_1));
        }

        String receive() throws IOException {
            String head = readHead(in);
            if (head == null || !head.startsWith("HTTP/1.1 200 ")) {
                throw new AssertionError("found: " + head + " (expected: a 200)");
            }
            return new String(in.readNBytes(length(head)), StandardCharsets.ISO_8859_1);
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    private static String readHead(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        int ends = 0;
        while (ends < 4) {
            int b = in.read();
            if (b < 0) {
                return null;
            }
            head.write(b);
            ends = b == "\r\n\r\n".charAt(ends) ? ends + 1 : b == '\r' ? 1 : 0;
        }
        return head.toString(StandardCharsets.ISO_8859_1);
    }

    private static int length(String head) {
        for (String line : head.split("\r\n")) {
            if (line.regionMatches(true, 0, "Content-Length:", 0, 15)) {
                return Integer.parseInt(line.substring(15).strip());
            }
        }
        return 0;
    }

    /** Answers each request with its target and the length of its body, and never closes. */
    private static final class Origin implements AutoCloseable {
        final AtomicInteger accepted = new AtomicInteger();
        private final ServerSocket listening = new ServerSocket(0, 128, InetAddress.getLoopbackAddress());
        private final List<Socket> sockets = java.util.Collections.synchronizedList(new ArrayList<>());

        Origin(ExecutorService threads) throws IOException {
            threads.submit(() -> {
                while (true) {
                    Socket socket = listening.accept();
                    accepted.incrementAndGet();
                    sockets.add(socket);
                    threads.submit(() -> serve(socket));
                }
            });
        }

        HttpPeer peer() {
            return HttpPeer.of("127.0.0.1", listening.getLocalPort());
        }

        private static Void serve(Socket socket) throws IOException {
            socket.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(socket.getInputStream());
            OutputStream out = socket.getOutputStream();
            while (true) {
                String head = readHead(in);
                if (head == null) {
                    return null;
                }
                int body = in.readNBytes(length(head)).length;
                String answer = head.split(" ", 3)[1] + body;
                out.write(("HTTP/1.1 200 OK\r\nContent-Length: " + answer.length() + "\r\n\r\n" + answer)
                        .getBytes(StandardCharsets.ISO_8859_1));
            }
        }

        @Override
        public void close() throws IOException {
            listening.close();
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }
}
