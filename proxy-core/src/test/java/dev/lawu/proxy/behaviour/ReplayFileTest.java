package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lawu.proxy.ChunkResult;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.RetryDecision;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.http.Chunk;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerSelection;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Request bodies beyond the replay buffer, kept in a file for another attempt. */
class ReplayFileTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private static final long MUCH = 1 << 30;

    @TempDir
    Path directory;

    private Retrying proxy;

    /** Tries idempotent requests again, whatever fails. */
    private static class Retrying extends ToPeer {
        Retrying(HttpPeer peer) {
            super(peer);
        }

        @Override
        public RetryDecision errorWhileProxy(Session session, UpstreamAttempt attempt, ProxyException error, Object s) {
            return RetryDecision.retry();
        }
    }

    /** More than a few blocks, but not too much for a network that splits it. */
    private static int size(World.Kind kind) {
        return kind == World.Kind.SPLIT ? 200_000 : 2_000_000;
    }

    private Wire start(World world, UnaryOperator<ProxyOptions.Builder> options) {
        proxy = new Retrying(world.peer());
        world.start(HttpProxy.builder(proxy)
                .options(options.apply(ProxyOptions.builder()).build())
                .build());
        return world.connect();
    }

    private Wire start(World world) {
        return start(world, options -> options.replayFile(MUCH, MUCH, directory));
    }

    private static void put(Wire client, String body) {
        client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
    }

    /** An origin that takes half of the body and dies. */
    private static void diesHalfWay(World world, int size) {
        Wire origin = world.accept();
        world.await(() -> origin.count() > size / 2, () -> "half of the body; found " + origin.count());
        origin.reset();
    }

    private static void takesAll(World world, Wire client, String body) {
        Wire origin = world.accept();
        origin.head();
        assertThat(Bodies.take(world, origin, body.length())).isEqualTo(body);
        origin.send(OK);
        client.until("ok");
    }

    private void assertGone(World world) {
        world.await(
                () -> world.server().stats().replayFileBytes() == 0,
                () -> "no replay file; found " + world.server().stats());
        assertThat(names()).isEmpty();
    }

    private String[] names() {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(Path::toString).toArray(String[]::new);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @EnumSource
    void anUploadGoesToAnotherPeerWhole(World.Kind kind) {
        try (World world = kind.create()) {
            Wire client = start(world);
            String body = Bodies.pattern(size(kind));
            put(client, body);
            diesHalfWay(world, body.length());
            world.await(
                    () -> world.server().stats().replayFileBytes() > 0,
                    () -> "something in a file; found " + world.server().stats());
            assertThat(names()).as("a file that is in use has no name").isEmpty();
            takesAll(world, client, body);
            assertThat(proxy.logged).containsExactly("ok");
            assertGone(world);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SIMULATED", "SOCKETS"})
    void withoutAFileItDoesNot(World.Kind kind) {
        try (World world = kind.create()) {
            Wire client = start(world, options -> options);
            String body = Bodies.pattern(size(kind));
            put(client, body);
            diesHalfWay(world, body.length());
            assertThat(client.head()).startsWith("HTTP/1.1 502 ");
            assertThat(world.accepted()).isEqualTo(1);
        }
    }

    /** It dies after the end of the body, too, twice, and there are trailers. */
    @ParameterizedTest
    @EnumSource(names = {"SIMULATED", "SOCKETS"})
    void aWholeBodyWithTrailersIsGivenAgainAndAgain(World.Kind kind) {
        try (World world = kind.create()) {
            Wire client = start(world);
            String part = Bodies.pattern(size(kind) / 10);
            StringBuilder chunks = new StringBuilder();
            for (int i = 0; i < 10; i++) {
                chunks.append(Integer.toHexString(part.length()))
                        .append("\r\n")
                        .append(part)
                        .append("\r\n");
            }
            client.send(
                    "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + "0\r\nX-T: 1\r\n\r\n");
            for (int attempt = 1; attempt <= 3; attempt++) {
                Wire origin = world.accept();
                origin.head();
                assertThat(Chunked.of(origin)).isEqualTo(new Chunked(part.repeat(10), "X-T: 1\r\n"));
                if (attempt == 3) {
                    origin.send(OK);
                } else {
                    origin.close();
                }
            }
            client.until("ok");
            assertGone(world);
        }
    }

    /** All of it arrives; then the origin dies without an answer, and there is no other attempt. */
    private static void isForwardedOnce(World world, Wire client, String body) {
        put(client, body);
        Wire origin = world.accept();
        origin.head();
        assertThat(Bodies.take(world, origin, body.length())).isEqualTo(body);
        origin.reset();
        assertThat(client.head()).startsWith("HTTP/1.1 502 ");
        assertThat(world.accepted()).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(names = {"SIMULATED", "SOCKETS"})
    void aBodyBeyondTheLimitIsForwardedButNotGivenAgain(World.Kind kind) {
        try (World world = kind.create()) {
            int size = size(kind);
            Wire client = start(world, options -> options.replayFile(size - 1, MUCH, directory));
            isForwardedOnce(world, client, Bodies.pattern(size));
            assertGone(world);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SIMULATED", "SOCKETS"})
    void allFilesTogetherHaveALimit(World.Kind kind) {
        try (World world = kind.create()) {
            int size = size(kind);
            Wire first = start(world, options -> options.replayFile(size, size + size / 2, directory));
            String body = Bodies.pattern(size);
            put(first, body);
            Wire one = world.accept();
            one.head();
            Bodies.take(world, one, size);
            Wire second = world.connect();
            put(second, body);
            Wire two = world.accept();
            two.head();
            assertThat(Bodies.take(world, two, size)).isEqualTo(body);
            two.reset(); // this one had no room
            assertThat(second.head()).startsWith("HTTP/1.1 502 ");
            one.reset();
            takesAll(world, first, body);
            assertGone(world);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SIMULATED", "SOCKETS"})
    void aClientThatLeavesTakesItsFileWithIt(World.Kind kind) {
        try (World world = kind.create()) {
            Wire client = start(world);
            String body = Bodies.pattern(size(kind));
            client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: " + (body.length() + 1) + "\r\n\r\n" + body);
            Wire origin = world.accept();
            world.await(
                    () -> world.server().stats().replayFileBytes() > 0,
                    () -> "something in a file; found " + world.server().stats());
            client.reset();
            origin.rest();
            assertGone(world);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SIMULATED", "SOCKETS"})
    void aDirectoryThatIsGoneOnlyPreventsAnotherAttempt(World.Kind kind) throws IOException {
        try (World world = kind.create()) {
            Path doomed = Files.createDirectory(directory.resolve(kind.name()));
            Wire client = start(world, options -> options.replayFile(MUCH, MUCH, doomed));
            Files.delete(doomed);
            isForwardedOnce(world, client, Bodies.pattern(size(kind)));
            assertGone(world);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SIMULATED", "SOCKETS"})
    void aFullDiskOnlyPreventsAnotherAttempt(World.Kind kind) {
        FaultyDisk disk = new FaultyDisk(directory, 140_000, Long.MAX_VALUE);
        try (World world = kind.create()) {
            Wire client = start(world, options -> options.replayFile(MUCH, MUCH, disk.directory()));
            isForwardedOnce(world, client, Bodies.pattern(size(kind)));
            assertGone(world);
            assertThat(disk.open()).isZero();
        }
    }

    /** The second origin has got a part when the file fails: it must not take that for the body. */
    @ParameterizedTest
    @EnumSource(names = {"SIMULATED", "SOCKETS"})
    void aFileThatCannotBeReadBreaksTheAttemptOff(World.Kind kind) {
        FaultyDisk disk = new FaultyDisk(directory, Long.MAX_VALUE, 70_000);
        try (World world = kind.create()) {
            Wire client = start(world, options -> options.replayFile(MUCH, MUCH, disk.directory()));
            String body = Bodies.pattern(size(kind));
            put(client, body);
            Wire first = world.accept();
            first.head();
            Bodies.take(world, first, body.length());
            first.reset();
            Wire second = world.accept();
            second.head();
            assertThat(second.rest()).hasSizeLessThan(body.length());
            assertThat(client.head()).startsWith("HTTP/1.1 500 ");
            assertThat(world.accepted()).isEqualTo(2);
            assertGone(world);
            assertThat(disk.open()).isZero();
        }
    }

    /** An executor, as a hanging disk makes one: nothing comes back before it is told to. */
    private static final class Stuck implements Executor {
        private final Queue<Runnable> tasks = new ArrayDeque<>();

        @Override
        public void execute(Runnable task) {
            tasks.add(task);
        }

        void go() {
            for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
                task.run();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = "SIMULATED")
    void aDiskThatHangsHoldsNobodyUpForEver(World.Kind kind) {
        Stuck stuck = new Stuck();
        try (World world = kind.create()) {
            proxy = new Retrying(world.peer());
            world.start(HttpProxy.builder(proxy)
                    .blockingExecutor(stuck)
                    .options(ProxyOptions.builder()
                            .replayFile(MUCH, MUCH, directory)
                            .build())
                    .build());
            Wire client = world.connect();
            String body = Bodies.pattern(size(kind) * 2);
            put(client, body);
            Wire origin = world.accept();
            origin.head();
            world.elapse(Duration.ofSeconds(59));
            assertThat(origin.count()).isLessThan(body.length());
            world.elapse(Duration.ofSeconds(2));
            assertThat(Bodies.take(world, origin, body.length())).isEqualTo(body);
            origin.send(OK);
            client.until("ok");
            world.elapse(Duration.ofSeconds(1));
            stuck.go();
            world.elapse(Duration.ofSeconds(1));
            stuck.go();
            assertGone(world);
        }
    }

    /** There is no room for the next block while the second origin has not got the first ones: it must not take the rest for the body. */
    @Test
    void noMoreRoomBreaksAnAttemptOffThatIsBehind() {
        Stuck stuck = new Stuck();
        try (World world = World.Kind.SIMULATED.create()) {
            proxy = new Retrying(world.peer()) {
                @Override
                public ChunkResult requestBodyFilter(
                        Session session, UpstreamAttempt attempt, Chunk chunk, Object state) {
                    return attempt.number() == 1 ? ChunkResult.forward() : ChunkResult.delay(Duration.ofSeconds(5));
                }
            };
            world.start(HttpProxy.builder(proxy)
                    .blockingExecutor(stuck)
                    .options(ProxyOptions.builder()
                            .replayFile(300_000, 300_000, directory)
                            .build())
                    .build());
            String body = Bodies.pattern(290_000);
            Wire first = world.connect();
            Wire one = sendSlowly(world, first, body);
            Wire second = world.connect();
            sendSlowly(world, second, body.substring(0, 140_000)); // one block, which takes the room
            one.reset();
            Wire two = world.accept();
            for (int i = 0; i < 10; i++) {
                stuck.go();
                world.elapse(Duration.ofMillis(100));
            }
            world.elapse(Duration.ofSeconds(20));
            assertThat(two.text()).doesNotContain("\r\n0\r\n\r\n");
            assertThat(two.isEnded() || two.isReset()).as("broken off").isTrue();
            assertThat(first.head()).startsWith("HTTP/1.1 500 ");
            assertThat(proxy.logged.get(0)).contains("the request body is lost: no room in ");
            second.reset();
            world.elapse(Duration.ofSeconds(1));
            stuck.go();
            world.elapse(Duration.ofSeconds(1));
            stuck.go();
            assertGone(world);
        }
    }

    /** In pieces, so that no block of the file is much larger than it needs to be. The connection at the origin. */
    private static Wire sendSlowly(World world, Wire client, String body) {
        client.send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        Wire origin = world.accept();
        for (int at = 0; at < body.length(); at += 5_000) {
            client.send("1388\r\n" + body.substring(at, at + 5_000) + "\r\n");
            world.elapse(Duration.ofMillis(1));
        }
        client.send("0\r\n\r\n");
        world.elapse(Duration.ofMillis(1));
        return origin;
    }

    /** What is in memory would only be its tail. */
    @Test
    void aBodyThatIsInAFileIsNotCollected() {
        try (World world = World.Kind.SIMULATED.create()) {
            List<String> refused = new ArrayList<>();
            proxy = new Retrying(world.peer()) {
                @Override
                public PeerSelection upstreamPeer(Session session, UpstreamAttempt attempt, Object state) {
                    if (attempt.number() == 2) {
                        try {
                            session.bufferRequestBody(10_000_000);
                            refused.add("not refused");
                        } catch (IllegalStateException e) {
                            refused.add(String.valueOf(e.getMessage()));
                        }
                    }
                    return super.upstreamPeer(session, attempt, state);
                }
            };
            world.start(HttpProxy.builder(proxy)
                    .options(ProxyOptions.builder()
                            .replayFile(MUCH, MUCH, directory)
                            .build())
                    .build());
            Wire client = world.connect();
            String body = Bodies.pattern(2_000_000);
            put(client, body);
            diesHalfWay(world, body.length());
            takesAll(world, client, body);
            assertThat(refused)
                    .containsExactly("bufferRequestBody: the body is on its way upstream"
                            + " (expected: a call in a request phase)");
            assertGone(world);
        }
    }

    @Test
    void aDirectoryThatCannotBeUsedIsSaidAtTheStart() {
        try (World world = World.Kind.SIMULATED.create()) {
            assertThatThrownBy(() -> start(world, options -> options.replayFile(1, 1, directory.resolve("missing"))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("missing (expected: a directory that can be written to)");
        }
        assertThatThrownBy(() -> ProxyOptions.builder().replayFile(0, 1, directory))
                .hasMessageContaining("maxBytesPerRequest: 0");
        assertThatThrownBy(() -> ProxyOptions.builder().replayFile(2, 1, directory))
                .hasMessageContaining("maxBytesInAll: 1");
    }
}
