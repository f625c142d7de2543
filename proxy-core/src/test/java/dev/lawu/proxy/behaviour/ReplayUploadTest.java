package dev.lawu.proxy.behaviour;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.RetryDecision;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A large upload in another process, whose memory is small; {@code -Dlawu.upload=500} makes it one of 500 MB. */
class ReplayUploadTest {
    private static final long MIB = 1024 * 1024;
    private static final long SIZE = Long.getLong("lawu.upload", 64) * MIB;
    private static final int PIECE = 64 * 1024;

    @TempDir
    Path directory;

    /** The proxy's process: a directory, and the port of its origin. */
    static final class Proxy {
        private Proxy() {}

        public static void main(String[] arguments) throws IOException {
            HttpProxy proxy = HttpProxy.builder(new ToPeer(HttpPeer.of("127.0.0.1", Integer.parseInt(arguments[1]))) {
                        @Override
                        public RetryDecision errorWhileProxy(
                                Session session, UpstreamAttempt attempt, ProxyException error, Object state) {
                            return RetryDecision.retry();
                        }
                    })
                    .options(ProxyOptions.builder()
                            .replayFile(1 << 30, 1 << 30, Path.of(arguments[0]))
                            .build())
                    .build();
            ProxyServer server = ProxyServer.builder(proxy)
                    .listen("127.0.0.1", 0)
                    .eventLoops(1)
                    .start();
            System.out.println(((InetSocketAddress) server.address()).getPort());
            int asked;
            while ((asked = System.in.read()) >= 0) {
                if (asked == '\n') {
                    System.out.println(server.stats().replayFileBytes() + " "
                            + (PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory()
                                    + PooledByteBufAllocator.DEFAULT.metric().usedHeapMemory()));
                }
            }
            server.close();
        }
    }

    /** The process and what it says. */
    private static final class Running implements AutoCloseable {
        private final Process process;
        private final BufferedReader says;
        final int port;

        Running(Path directory, int origin) throws IOException {
            process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx48m",
                            "-XX:MaxDirectMemorySize=64m",
                            "-cp",
                            System.getProperty("java.class.path"),
                            Proxy.class.getName(),
                            directory.toString(),
                            Integer.toString(origin))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            says = new BufferedReader(new InputStreamReader(process.getInputStream(), ISO_8859_1));
            port = Integer.parseInt(says.readLine());
        }

        /** Bytes in files, and bytes of buffers. */
        long[] numbers() throws IOException {
            process.getOutputStream().write('\n');
            process.getOutputStream().flush();
            String[] numbers = says.readLine().split(" ");
            return new long[] {Long.parseLong(numbers[0]), Long.parseLong(numbers[1])};
        }

        void kill() throws InterruptedException {
            process.destroyForcibly();
            assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        }

        @Override
        public void close() throws InterruptedException {
            kill();
        }
    }

    private static byte[] piece(long number) {
        byte[] bytes = new byte[PIECE];
        long seed = number * 0x9E3779B97F4A7C15L + 1;
        for (int i = 0; i < PIECE; i++) {
            seed ^= seed << 13;
            seed ^= seed >>> 7;
            seed ^= seed << 17;
            bytes[i] = (byte) seed;
        }
        return bytes;
    }

    /** Sends a body and gives back the check sum of what it sent and the status line of the answer. */
    private static CompletableFuture<String> upload(int port) {
        return CompletableFuture.supplyAsync(() -> {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                OutputStream out = socket.getOutputStream();
                out.write(("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: " + SIZE + "\r\n\r\n").getBytes(ISO_8859_1));
                CRC32 sum = new CRC32();
                for (long i = 0; i < SIZE / PIECE; i++) {
                    byte[] piece = piece(i);
                    sum.update(piece);
                    out.write(piece);
                }
                String status =
                        new BufferedReader(new InputStreamReader(socket.getInputStream(), ISO_8859_1)).readLine();
                return sum.getValue() + " " + status;
            } catch (IOException e) {
                return e.toString();
            }
        });
    }

    /** Reads a head and then this much of the body; gives back its check sum. */
    private static long take(Socket socket, long length) throws IOException {
        DataInputStream in = new DataInputStream(socket.getInputStream());
        int last = 0;
        while (last != 0x0D0A0D0A) {
            last = last << 8 | in.readUnsignedByte();
        }
        CRC32 sum = new CRC32();
        byte[] piece = new byte[PIECE];
        for (long left = length; left > 0; left -= PIECE) {
            in.readFully(piece);
            sum.update(piece);
        }
        return sum.getValue();
    }

    private long names() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.count();
        }
    }

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void aLargeUploadIsGivenAgainInLittleMemory() throws Exception {
        try (ServerSocket origin = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
                Running proxy = new Running(directory, origin.getLocalPort())) {
            CompletableFuture<String> client = upload(proxy.port);
            try (Socket first = origin.accept()) {
                take(first, SIZE / 2);
                assertThat(proxy.numbers()[0]).isGreaterThan(SIZE / 4);
            }
            long sum;
            try (Socket second = origin.accept()) {
                sum = take(second, SIZE);
                second.getOutputStream()
                        .write("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n".getBytes(ISO_8859_1));
            }
            assertThat(client.get(20, TimeUnit.SECONDS)).isEqualTo(sum + " HTTP/1.1 204 No Content");
            long[] numbers = proxy.numbers();
            for (int i = 0; i < 100 && numbers[0] > 0; i++) {
                TimeUnit.MILLISECONDS.sleep(20);
                numbers = proxy.numbers();
            }
            assertThat(numbers[0]).isZero();
            assertThat(numbers[1]).isLessThan(40 * MIB);
            assertThat(names()).isZero();
        }
    }

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void nothingIsLeftOfAProcessThatIsKilled() throws Exception {
        try (ServerSocket origin = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
                Running proxy = new Running(directory, origin.getLocalPort())) {
            CompletableFuture<String> client = upload(proxy.port);
            try (Socket first = origin.accept()) {
                take(first, SIZE / 2);
                assertThat(proxy.numbers()[0]).isGreaterThan(SIZE / 4);
                proxy.kill();
            }
            client.get(20, TimeUnit.SECONDS);
            assertThat(names()).isZero();
        }
    }
}
