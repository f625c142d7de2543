package dev.lawu.proxy.internal.h1;

import dev.lawu.benchmarks.SampleHeads;
import dev.lawu.benchmarks.SmallBenchmark;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.internal.loop.SectionPool;
import io.netty.buffer.ByteBuf;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.TearDown;

/** From the bytes of a head, which have come in one piece, to the head; its section is given back, as at an exchange's end. */
public class HeadParsingBenchmark extends SmallBenchmark {
    private final SectionPool sections = new SectionPool();
    private final RequestParser requests = new RequestParser(sections, ProxyOptions.DEFAULTS);
    private final ResponseParser responses = new ResponseParser(sections, ProxyOptions.DEFAULTS);
    private final ByteBuf bare = SampleHeads.buffer(SampleHeads.BARE_REQUEST);
    private final ByteBuf browser = SampleHeads.buffer(SampleHeads.BROWSER_REQUEST);
    private final ByteBuf answer = SampleHeads.buffer(SampleHeads.RESPONSE);

    @TearDown
    public void release() {
        bare.release();
        browser.release();
        answer.release();
    }

    private RequestHead parse(ByteBuf in) throws Refusal {
        in.readerIndex(0);
        requireComplete(requests.parse(in));
        RequestHead head = requests.take();
        sections.retire(head.headers());
        return head;
    }

    private static void requireComplete(boolean complete) {
        if (!complete) {
            throw new IllegalStateException("the head is not complete (expected: one in one piece)");
        }
    }

    @Benchmark
    public RequestHead bareRequest() throws Refusal {
        return parse(bare);
    }

    @Benchmark
    public RequestHead browserRequest() throws Refusal {
        return parse(browser);
    }

    @Benchmark
    public ResponseHead response() throws Refusal {
        answer.readerIndex(0);
        requireComplete(responses.parse(answer));
        ResponseHead head = responses.take();
        sections.retire(head.headers());
        return head;
    }
}
