package dev.lawu.proxy.internal.h1;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.http.FieldName;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.internal.h1.HeadEncoder.Framing;
import dev.lawu.proxy.internal.h1.HeadEncoder.Persistence;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Random messages, by fixed seeds: what is valid survives parsing and encoding unchanged; what is not is refused, and nothing else ever happens. */
class RoundTripFuzzTest {
    private static final String TOKEN = "!#$%&'*+-.^_`|~019azAZ";
    private static final String VALUE = "az09 \t\"\\,;=()\u0080\u00ff{}";
    private static final String[] SEEDS = {
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /p?q HTTP/1.1\r\nHost: a:80\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST http://a/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=\"y\"\r\nabc\r\n0\r\nX: y\r\n\r\n",
        "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nraw",
        "GET / HTTP/1.1\r\nHost: [::1]\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nraw",
        "PUT / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
    };
    private static final String[] RESPONSE_SEEDS = {
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nX: y\r\n\r\n",
        "HTTP/1.0 204 No Content\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX:  y \r\n\r\nuntil the end",
    };

    @AfterEach
    void release() {
        Ends.releaseAll();
    }

    private static String pick(Random random, String alphabet, int most) {
        StringBuilder text = new StringBuilder();
        for (int length = random.nextInt(most) + 1; length > 0; length--) {
            text.append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
        return text.toString();
    }

    private static String fields(Random random) {
        StringBuilder text = new StringBuilder();
        for (int count = random.nextInt(20); count > 0; count--) {
            text.append("x")
                    .append(pick(random, TOKEN, 12))
                    .append(": ")
                    .append(pick(random, VALUE, 60).strip())
                    .append("\r\n");
        }
        return text.toString();
    }

    @Test
    void validRequestsSurvive() throws Refusal {
        Random random = new Random(1);
        for (int i = 0; i < 5000; i++) {
            String raw = pick(random, TOKEN, 8) + " /" + pick(random, "az09/?&=%[]{}\"<>\\^`|~.", 40)
                    + " HTTP/1.1\r\nHost: h\r\n" + fields(random) + "\r\n";
            RequestHead head = Raw.request(raw);
            ByteBuf out = PooledByteBufAllocator.DEFAULT.directBuffer(HeadEncoder.bound(head));
            int capacity = out.capacity();
            HeadEncoder.request(out, head, Framing.AS_IS);
            assertThat(out.capacity()).isEqualTo(capacity);
            assertThat(out.toString(StandardCharsets.ISO_8859_1)).isEqualTo(raw);
            assertThat(Raw.request(raw).toString()).isEqualTo(head.toString());
            out.release();
        }
    }

    @Test
    void validResponsesSurvive() throws Refusal {
        Random random = new Random(2);
        for (int i = 0; i < 5000; i++) {
            String raw = "HTTP/1.1 " + (200 + random.nextInt(4)) + " x" + pick(random, VALUE, 20) + "\r\n"
                    + fields(random) + "\r\n";
            ResponseHead head = Raw.response(raw);
            ByteBuf out = PooledByteBufAllocator.DEFAULT.directBuffer(HeadEncoder.bound(head));
            HeadEncoder.response(out, head, Framing.AS_IS, Persistence.DEFAULT, null);
            assertThat(out.toString(StandardCharsets.ISO_8859_1)).isEqualTo(raw);
            out.release();
        }
    }

    @Test
    void editsAreEncodedAmongUntouchedLines() throws Refusal {
        RequestHead head =
                Raw.request("GET /old HTTP/1.1\r\nHost: h\r\nA:1\r\nB:  2 \r\nConnection: B\r\nC: 3\r\nD: 4\r\n\r\n");
        head.setTarget("/new");
        head.headers().remove(FieldName.CONNECTION);
        head.headers().set("C", "changed");
        head.headers().add("E", "5");
        head.headers().remove("A");
        ByteBuf out = PooledByteBufAllocator.DEFAULT.directBuffer(HeadEncoder.bound(head));
        HeadEncoder.request(out, head, Framing.CHUNKED);

        assertThat(out.toString(StandardCharsets.ISO_8859_1))
                .isEqualTo("GET /new HTTP/1.1\r\nHost: h\r\nB:  2 \r\nC: changed\r\nD: 4\r\nE: 5\r\n"
                        + "Transfer-Encoding: chunked\r\n\r\n");
        out.release();
    }

    private static String mutate(Random random, String raw) {
        StringBuilder text = new StringBuilder(raw);
        for (int count = random.nextInt(4); count >= 0; count--) {
            int at = random.nextInt(text.length());
            char other = "\r\n\0 \t:;,\"0aZ#/\u00ff\u007f".charAt(random.nextInt(16));
            switch (random.nextInt(4)) {
                case 0 -> text.setCharAt(at, other);
                case 1 -> text.insert(at, other);
                case 2 -> text.deleteCharAt(at).append(' ');
                default -> text.insert(at, text.substring(at, Math.min(text.length(), at + random.nextInt(12))));
            }
        }
        return text.toString();
    }

    private static void feed(Ends end, Random random, String raw) {
        int at = 0;
        while (at < raw.length()) {
            int next = Math.min(raw.length(), at + 1 + random.nextInt(20));
            if (end.channel.isOpen()) {
                end.in(raw.substring(at, next));
            }
            at = next;
        }
    }

    @Test
    void mutatedRequestsAreAnsweredOrRefused() {
        for (int seed = 0; seed < 4000; seed++) {
            Random random = new Random(seed);
            Ends.Server end = new Ends.Server(ProxyOptions.DEFAULTS);
            end.onStart = request -> {
                if (random.nextBoolean()) {
                    end.respond(200, true);
                }
            };
            end.onTold = event -> {
                if (event.startsWith("data") && random.nextInt(4) == 0) {
                    end.stream.pause();
                }
            };
            feed(end, random, mutate(random, SEEDS[random.nextInt(SEEDS.length)]));
            end.stream.resume();
            end.respond(200, false);
            end.write("hello", true);
            end.pass(Duration.ofMinutes(5));
            end.fin();
            end.onTold = event -> {};
            end.stream.resume();
            end.pass(Duration.ofMinutes(5));
            assertThat(end.isOpen()).as("seed " + seed).isFalse();
            assertThat(end.open).isZero();
            assertThat(end.told).as("seed " + seed).doesNotContain("reset INTERNAL INTERNAL");
            end.out();
        }
    }

    @Test
    void mutatedResponsesAreToldOrRefused() {
        for (int seed = 0; seed < 4000; seed++) {
            Random random = new Random(seed);
            Ends.Client end = new Ends.Client();
            end.onTold = event -> {
                if (random.nextInt(4) == 0) {
                    end.stream.pause();
                }
            };
            end.send(random.nextBoolean() ? "GET" : "HEAD", true);
            feed(end, random, mutate(random, RESPONSE_SEEDS[random.nextInt(RESPONSE_SEEDS.length)]));
            for (int i = 0; i < 20; i++) {
                end.stream.resume();
                end.turn();
            }
            end.fin();
            for (int i = 0; i < 20; i++) {
                end.stream.resume();
                end.turn();
            }
            end.pass(Duration.ofMinutes(5));
            assertThat(end.isOpen()).as("seed " + seed).isFalse();
            assertThat(end.closed).isEqualTo(1);
            assertThat(end.told).as("seed " + seed).doesNotContain("reset INTERNAL INTERNAL");
            end.out();
        }
    }
}
