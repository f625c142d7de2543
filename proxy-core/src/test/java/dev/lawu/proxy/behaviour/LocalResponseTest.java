package dev.lawu.proxy.behaviour;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.BodyProducer;
import dev.lawu.proxy.BodySink;
import dev.lawu.proxy.ChunkResult;
import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.http.Chunk;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Responses that the proxy makes itself: their framing, and who waits for whom. */
class LocalResponseTest {
    private ToPeer proxy;

    private Wire answering(World world, Supplier<LocalResponse> response) {
        proxy = new ToPeer(world.peer()) {
            @Override
            public FilterResult requestFilter(Session session, Object state) {
                return FilterResult.respond(response.get());
            }
        };
        world.start(HttpProxy.of(proxy));
        return world.connect();
    }

    private void awaitLogging(World world) {
        world.await(() -> !proxy.logged.isEmpty(), () -> "logging");
    }

    private static void get(Wire client, String method) {
        client.send(method + " / HTTP/1.1\r\nHost: a\r\n\r\n");
    }

    @ParameterizedTest
    @EnumSource
    void aFixedBodyHasItsLengthAlsoForHead(World.Kind kind) {
        LocalResponse constant = LocalResponse.of(200).text("hello");
        try (World world = kind.create()) {
            Wire client = answering(world, () -> constant);
            get(client, "GET");
            assertThat(client.head())
                    .startsWith("HTTP/1.1 200 OK\r\n")
                    .contains("Content-Length: 5\r\n")
                    .containsOnlyOnce("Date: ")
                    .doesNotContain("Transfer-Encoding");
            assertThat(client.take(5)).isEqualTo("hello");
            get(client, "HEAD");
            assertThat(client.head()).contains("Content-Length: 5\r\n");
            get(client, "GET");
            assertThat(client.take(12)).isEqualTo("HTTP/1.1 200");
        }
    }

    @ParameterizedTest
    @EnumSource
    void statusesWithoutContentHaveNone(World.Kind kind) {
        try (World world = kind.create()) {
            AtomicInteger status = new AtomicInteger();
            Wire client = answering(world, () -> LocalResponse.of(status.get()).text("ignored"));
            for (int s : new int[] {204, 304}) {
                status.set(s);
                get(client, "GET");
                assertThat(client.head()).startsWith("HTTP/1.1 " + s + " ").doesNotContain("Content-Length: 7");
                assertThat(client.text()).isEmpty();
            }
            status.set(200);
            get(client, "GET");
            assertThat(client.head()).startsWith("HTTP/1.1 200 ");
            assertThat(client.take(7)).isEqualTo("ignored");
        }
    }

    @ParameterizedTest
    @EnumSource
    void closeEndsTheConnection(World.Kind kind) {
        try (World world = kind.create()) {
            Wire client =
                    answering(world, () -> LocalResponse.of(200).text("bye").close());
            get(client, "GET");
            assertThat(client.head()).contains("Connection: close\r\n");
            assertThat(client.rest()).isEqualTo("bye");
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "SPLIT") // too many bytes for pieces of 7
    void aProducerThatWritesWithoutEndUnaskedIsBrokenOff(World.Kind kind) {
        try (World world = kind.create()) {
            byte[] piece = new byte[1024 * 1024];
            Wire client = answering(
                    world,
                    () -> LocalResponse.of(200).body((BodyProducer) sink -> {
                        for (int i = 0; i < 40; i++) {
                            sink.write(piece);
                        }
                        sink.end();
                    }));
            client.stopReading();
            get(client, "GET");
            awaitLogging(world);
            client.startReading();
            assertThat(client.rest()).doesNotContain("0\r\n\r\n");
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "SPLIT") // too many bytes for pieces of 7
    void aProducerIsAskedOnlyAsTheClientTakes(World.Kind kind) {
        try (World world = kind.create()) {
            int piece = 64 * 1024;
            int pieces = 400; // more than all buffers on the way together
            AtomicInteger asked = new AtomicInteger();
            Wire client = answering(
                    world,
                    () -> LocalResponse.of(200)
                            .body(
                                    sink -> {
                                        if (asked.incrementAndGet() <= pieces) {
                                            sink.write(new byte[piece]);
                                        } else {
                                            sink.end();
                                        }
                                    },
                                    (long) piece * pieces));
            client.stopReading();
            get(client, "GET");
            world.await(() -> asked.get() > 0, () -> "a first question");
            AtomicInteger before = new AtomicInteger(-1);
            // Still when two looks, with a whole exchange of another client between them, find the same number.
            world.await(
                    () -> {
                        Wire other = world.connect();
                        other.send("BAD\r\n\r\n");
                        other.rest();
                        return before.getAndSet(asked.get()) == asked.get();
                    },
                    () -> "no more questions; so far " + asked);
            assertThat(asked.get()).isLessThan(pieces / 2);
            client.startReading();
            world.await(() -> client.count() > (long) piece * pieces, () -> "everything; so far " + client.count());
            awaitLogging(world);
            assertThat(proxy.logged).containsExactly("ok");
            assertThat(asked.get()).isEqualTo(pieces + 1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aProducerMayWriteLaterFromAnotherThread(World.Kind kind) {
        try (World world = kind.create()) {
            AtomicReference<BodySink> sink = new AtomicReference<>();
            Wire client = answering(world, () -> LocalResponse.of(200).body(sink::set));
            get(client, "GET");
            world.await(() -> sink.get() != null, () -> "a question");
            sink.getAndSet(null).write("one ".getBytes(ISO_8859_1));
            world.await(() -> sink.get() != null, () -> "another question");
            BodySink last = sink.get();
            last.write("two".getBytes(ISO_8859_1));
            last.end();
            last.write("after the end".getBytes(ISO_8859_1));
            assertThat(client.head()).contains("Transfer-Encoding: chunked\r\n");
            assertThat(Chunked.of(client).body()).isEqualTo("one two");
        }
    }

    /** What is written on the loop does not overtake what another thread has written before. */
    @ParameterizedTest
    @EnumSource
    void theEndDoesNotOvertakeWhatAnotherThreadWrote(World.Kind kind) {
        try (World world = kind.create()) {
            Wire client = answering(
                    world,
                    () -> LocalResponse.of(200).body(sink -> {
                        Thread other = new Thread(() -> {
                            sink.write("first,".getBytes(ISO_8859_1));
                            sink.write("second,".getBytes(ISO_8859_1));
                        });
                        other.start();
                        other.join();
                        sink.write("third".getBytes(ISO_8859_1));
                        sink.end();
                    }));
            get(client, "GET");
            client.head();
            assertThat(Chunked.of(client).body()).isEqualTo("first,second,third");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SIMULATED", "SPLIT"})
    void aProducerThatNeverDeliversHasADeadline(World.Kind kind) {
        try (World world = kind.create()) {
            AtomicInteger cancelled = new AtomicInteger();
            AtomicReference<BodySink> sink = new AtomicReference<>();
            Wire client = answering(
                    world,
                    () -> LocalResponse.of(200).body(new BodyProducer() {
                        @Override
                        public void produce(BodySink given) {
                            sink.set(given);
                        }

                        @Override
                        public void cancelled() {
                            cancelled.incrementAndGet();
                        }
                    }));
            get(client, "GET");
            client.head();
            world.elapse(Duration.ofSeconds(59));
            sink.get().write(new byte[0]); // it is alive
            world.elapse(Duration.ofSeconds(59));
            assertThat(proxy.logged).isEmpty();
            world.elapse(Duration.ofSeconds(2));
            client.rest();
            awaitLogging(world);
            assertThat(proxy.logged).first().asString().startsWith("INTERNAL CALLBACK_TIMEOUT");
            assertThat(cancelled).hasValue(1);
        }
    }

    /** A producer may write several pieces at once; a filter that takes its time gets them one after the other. */
    @ParameterizedTest
    @EnumSource
    void piecesWaitForAFilterThatIsNotReady(World.Kind kind) {
        try (World world = kind.create()) {
            CompletableFuture<ChunkResult> first = new CompletableFuture<>();
            StringBuffer seen = new StringBuffer();
            proxy = new ToPeer(world.peer()) {
                @Override
                public FilterResult requestFilter(Session session, Object state) {
                    return FilterResult.respond(LocalResponse.of(200).body(sink -> {
                        sink.write("one".getBytes(ISO_8859_1));
                        sink.write("two".getBytes(ISO_8859_1));
                        sink.write("three".getBytes(ISO_8859_1));
                        sink.end();
                    }));
                }

                @Override
                public ChunkResult responseBodyFilter(Session session, Chunk chunk, Object state) {
                    boolean begins = seen.length() == 0;
                    seen.append(chunk.toString(ISO_8859_1)).append(chunk.isLast() ? "|" : ",");
                    return begins ? ChunkResult.async(first) : ChunkResult.forward();
                }
            };
            world.start(HttpProxy.of(proxy));
            Wire client = world.connect();
            get(client, "GET");
            client.head();
            world.await(() -> seen.length() > 0, () -> "the first piece");
            first.complete(ChunkResult.forward());
            assertThat(Chunked.of(client).body()).isEqualTo("onetwothree");
            assertThat(seen.toString()).isEqualTo("one,two,three,|");
            awaitLogging(world);
            assertThat(proxy.logged).containsExactly("ok");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aProducerThatFailsMidwayResetsTheStream(World.Kind kind) {
        try (World world = kind.create()) {
            AtomicInteger cancelled = new AtomicInteger();
            Wire client = answering(
                    world,
                    () -> LocalResponse.of(200).body(new BodyProducer() {
                        private boolean begun;

                        @Override
                        public void produce(BodySink sink) throws IOException {
                            if (begun) {
                                throw new IOException("disk on fire");
                            }
                            begun = true;
                            sink.write("half".getBytes(ISO_8859_1));
                        }

                        @Override
                        public void cancelled() {
                            cancelled.incrementAndGet();
                        }
                    }));
            get(client, "GET");
            assertThat(client.rest()).doesNotContain("0\r\n\r\n");
            awaitLogging(world);
            assertThat(proxy.logged).first().asString().contains("BodyProducer: java.io.IOException: disk on fire");
            assertThat(cancelled).hasValue(0);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aProducerThatBreaksItsWordAboutTheLengthResetsTheStream(World.Kind kind) {
        for (String body : new String[] {"short", "much too long"}) {
            try (World world = kind.create()) {
                Wire client = answering(
                        world,
                        () -> LocalResponse.of(200)
                                .body(
                                        sink -> {
                                            sink.write(body.getBytes(ISO_8859_1));
                                            sink.end();
                                        },
                                        10));
                get(client, "GET");
                // If the head was not on its way yet, it does not come either.
                String[] headAndBody = client.rest().split("\r\n\r\n", 2);
                assertThat(headAndBody[headAndBody.length - 1].length()).isLessThan(10);
                awaitLogging(world);
                assertThat(proxy.logged).first().asString().contains("(expected: 10)");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aProducerIsToldOnceThatTheClientHasLeft(World.Kind kind) {
        try (World world = kind.create()) {
            AtomicReference<BodySink> sink = new AtomicReference<>();
            AtomicInteger cancelled = new AtomicInteger();
            Wire client = answering(
                    world,
                    () -> LocalResponse.of(200).body(new BodyProducer() {
                        @Override
                        public void produce(BodySink given) {
                            sink.set(given);
                        }

                        @Override
                        public void cancelled() {
                            cancelled.incrementAndGet();
                        }
                    }));
            get(client, "GET");
            world.await(() -> sink.get() != null, () -> "a question");
            client.reset();
            awaitLogging(world);
            assertThat(cancelled).hasValue(1);
            sink.get().write(new byte[10]);
            sink.get().end();
            world.awaitQuiet();
            assertThat(cancelled).hasValue(1);
        }
    }

    /** Counts how often it was closed, and fails or waits where a test says. */
    private static class Stream extends ByteArrayInputStream {
        final AtomicInteger closed = new AtomicInteger();
        volatile int failAt = Integer.MAX_VALUE;

        Stream(byte[] bytes) {
            super(bytes);
        }

        @Override
        public synchronized int read(byte[] target, int from, int length) {
            if (pos >= failAt) {
                throw new IllegalStateException("unreadable");
            }
            return super.read(target, from, length);
        }

        @Override
        public void close() {
            closed.incrementAndGet();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aStreamIsReadToItsEndAndClosedOnce(World.Kind kind) {
        try (World world = kind.create()) {
            byte[] content = "0123456789".repeat(10_000).getBytes(ISO_8859_1);
            Stream stream = new Stream(content);
            Wire client = answering(world, () -> LocalResponse.of(200).stream(() -> stream, content.length));
            get(client, "GET");
            assertThat(client.head()).contains("Content-Length: 100000\r\n");
            assertThat(client.take(content.length)).isEqualTo(new String(content, ISO_8859_1));
            awaitLogging(world);
            world.awaitQuiet();
            assertThat(stream.closed).hasValue(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aStreamThatFailsResetsAndIsClosed(World.Kind kind) {
        try (World world = kind.create()) {
            Stream stream = new Stream(new byte[100_000]);
            stream.failAt = 32 * 1024;
            Wire client = answering(world, () -> LocalResponse.of(200).stream(() -> stream, -1));
            get(client, "GET");
            assertThat(client.rest()).doesNotContain("0\r\n\r\n");
            awaitLogging(world);
            assertThat(proxy.logged).first().asString().contains("unreadable");
            world.awaitQuiet();
            assertThat(stream.closed).hasValue(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aStreamIsClosedWhenTheClientLeaves(World.Kind kind) {
        try (World world = kind.create()) {
            InputStream endless = new InputStream() {
                @Override
                public int read() {
                    return 'x';
                }
            };
            Stream stream = new Stream(new byte[0]) {
                @Override
                public synchronized int read(byte[] target, int from, int length) {
                    try {
                        return endless.read(target, from, length);
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                }
            };
            Wire client = answering(world, () -> LocalResponse.of(200).stream(() -> stream, -1));
            client.stopReading();
            get(client, "GET");
            world.await(() -> world.server().stats().exchanges() == 1, () -> "an exchange");
            client.reset();
            awaitLogging(world);
            world.await(() -> stream.closed.get() == 1, () -> "the stream to be closed; so far " + stream.closed);
        }
    }
}
