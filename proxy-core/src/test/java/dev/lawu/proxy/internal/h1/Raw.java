package dev.lawu.proxy.internal.h1;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.internal.loop.SectionPool;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Runs the parsers on raw bytes: each message whole, divided in two at every byte, and byte by byte. What comes out must be the same each time. */
final class Raw {
    static final SectionPool SECTIONS = new SectionPool();

    private Raw() {}

    interface Parsing<T> {
        /** Reads what there is; null if more is needed. */
        T parse(ByteBuf in) throws Refusal;
    }

    interface ParserFactory<T> {
        Parsing<T> create();
    }

    /** What became of a message: a value, or a refusal as {@code status reason}, or nothing yet. */
    record Outcome(String text, Refusal refusal) {}

    static RequestHead request(String raw) throws Refusal {
        RequestParser parser = new RequestParser(SECTIONS, ProxyOptions.DEFAULTS);
        return parser.parse(bytes(raw)) ? parser.take() : fail("incomplete: " + raw);
    }

    static ResponseHead response(String raw) throws Refusal {
        ResponseParser parser = new ResponseParser(SECTIONS, ProxyOptions.DEFAULTS);
        return parser.parse(bytes(raw)) ? parser.take() : fail("incomplete: " + raw);
    }

    static void requestRefused(String raw, int status, String reason) {
        requestRefused(ProxyOptions.DEFAULTS, raw, status, reason);
    }

    static void requestRefused(ProxyOptions options, String raw, int status, String reason) {
        refused(() -> requests(options), raw, status, reason);
    }

    static void responseRefused(String raw, String reason) {
        responseRefused(ProxyOptions.DEFAULTS, raw, reason);
    }

    static void responseRefused(ProxyOptions options, String raw, String reason) {
        Refusal refusal = same(() -> responses(options), raw).refusal();
        assertThat(refusal).as(raw).isNotNull();
        assertThat(refusal.reason()).as(refusal.detail()).isEqualTo(reason);
    }

    /** Parses it in every division and returns what all agree on. */
    static String acceptedRequest(String raw) {
        return accepted(() -> requests(ProxyOptions.DEFAULTS), raw);
    }

    static String acceptedRequest(ProxyOptions options, String raw) {
        return accepted(() -> requests(options), raw);
    }

    static String acceptedResponse(String raw) {
        return accepted(() -> responses(ProxyOptions.DEFAULTS), raw);
    }

    /** Decodes a chunked body in every division and returns data and trailers, {@code |} between them. */
    static String acceptedChunked(String raw) {
        return accepted(() -> chunked(ProxyOptions.DEFAULTS), raw);
    }

    static void chunkedRefused(String raw, int status, String reason) {
        chunkedRefused(ProxyOptions.DEFAULTS, raw, status, reason);
    }

    static void chunkedRefused(ProxyOptions options, String raw, int status, String reason) {
        refused(() -> chunked(options), raw, status, reason);
    }

    private static String accepted(ParserFactory<String> factory, String raw) {
        Outcome outcome = same(factory, raw);
        if (outcome.refusal() != null) {
            fail(raw + ": " + outcome.text() + " " + outcome.refusal().detail());
        }
        return outcome.text();
    }

    private static void refused(ParserFactory<String> factory, String raw, int status, String reason) {
        Refusal refusal = same(factory, raw).refusal();
        assertThat(refusal).as(raw).isNotNull();
        assertThat(refusal.status() + " " + refusal.reason())
                .as(refusal.detail())
                .isEqualTo(status + " " + reason);
        assertThat(refusal.detail()).contains("(expected: ").doesNotContain("\r", "\n");
    }

    private static Outcome same(ParserFactory<String> factory, String raw) {
        Outcome whole = run(factory, raw, List.of(raw.length()));
        int step = Math.max(1, raw.length() / 400);
        for (int split = 0; split < raw.length(); split += step) {
            Outcome divided = run(factory, raw, List.of(split, raw.length()));
            assertThat(divided.text()).as("divided at " + split).isEqualTo(whole.text());
        }
        List<Integer> each = new ArrayList<>();
        for (int i = 1; i <= raw.length(); i++) {
            each.add(i);
        }
        assertThat(run(factory, raw, each).text()).as("byte by byte").isEqualTo(whole.text());
        return whole;
    }

    private static Outcome run(ParserFactory<String> factory, String raw, List<Integer> ends) {
        Parsing<String> parsing = factory.create();
        int start = 0;
        try {
            for (int end : ends) {
                ByteBuf in = bytes(raw.substring(start, end));
                start = end;
                String result = parsing.parse(in);
                if (result != null) {
                    return new Outcome(result, null);
                }
                assertThat(in.isReadable()).isFalse();
            }
            return new Outcome("incomplete", null);
        } catch (Refusal refusal) {
            return new Outcome(refusal.status() + " " + refusal.reason(), refusal);
        }
    }

    private static Parsing<String> requests(ProxyOptions options) {
        RequestParser parser = new RequestParser(SECTIONS, options);
        return in -> {
            if (!parser.parse(in)) {
                return null;
            }
            long framing = parser.framing();
            RequestHead head = parser.take();
            return head.method() + " " + head.target() + " " + head.version() + " scheme=" + head.scheme() + " body="
                    + framing + "\n" + head.headers();
        };
    }

    private static Parsing<String> responses(ProxyOptions options) {
        ResponseParser parser = new ResponseParser(SECTIONS, options);
        return in -> {
            if (!parser.parse(in)) {
                return null;
            }
            long framing = parser.framing();
            ResponseHead head = parser.take();
            return head.version() + " " + head.status() + " " + head.reason() + " body=" + framing + "\n"
                    + head.headers();
        };
    }

    private static Parsing<String> chunked(ProxyOptions options) {
        BodyDecoder decoder = new BodyDecoder(SECTIONS, options);
        decoder.start(HeadParser.CHUNKED);
        StringBuilder data = new StringBuilder();
        return in -> {
            for (ByteBuf part = decoder.next(in); part != null; part = decoder.next(in)) {
                data.append(part.toString(StandardCharsets.ISO_8859_1));
                part.release();
            }
            if (!decoder.isDone()) {
                return null;
            }
            Headers trailers = decoder.takeTrailers();
            return data + (trailers == null ? "" : "|" + trailers);
        };
    }

    static ByteBuf bytes(String raw) {
        return Unpooled.wrappedBuffer(raw.getBytes(StandardCharsets.ISO_8859_1));
    }
}
