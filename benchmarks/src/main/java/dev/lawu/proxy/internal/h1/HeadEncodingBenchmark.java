package dev.lawu.proxy.internal.h1;

import dev.lawu.benchmarks.SampleHeads;
import dev.lawu.benchmarks.SmallBenchmark;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.internal.h1.HeadEncoder.Framing;
import dev.lawu.proxy.internal.h1.HeadEncoder.Persistence;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/** From a head to its bytes, in a direct buffer that has room for them. */
public class HeadEncodingBenchmark extends SmallBenchmark {
    private final ByteBuf out = Unpooled.directBuffer(4096);
    private final RequestHead bare = SampleHeads.request(SampleHeads.BARE_REQUEST);
    private final RequestHead browser = SampleHeads.request(SampleHeads.BROWSER_REQUEST);
    private final RequestHead edited = SampleHeads.request(SampleHeads.BROWSER_REQUEST);
    private final ResponseHead answer = SampleHeads.response(SampleHeads.RESPONSE);
    private final ResponseHead chunked = SampleHeads.response(SampleHeads.RESPONSE);

    /** Edits what a proxy usually does: the lines are not in one run any more. */
    @Setup
    public void edit() {
        edited.setTarget("/store/1k").headers().set("Host", "origin.internal").remove("Cookie");
        edited.headers()
                .add("X-Forwarded-For", "192.0.2.1")
                .add("X-Forwarded-Proto", "http")
                .add("Via", "1.1 lawu");
        chunked.headers().remove("Content-Length");
    }

    @TearDown
    public void release() {
        out.release();
    }

    private int request(RequestHead head) {
        out.clear();
        HeadEncoder.request(out, head, Framing.AS_IS);
        return out.writerIndex();
    }

    @Benchmark
    public int bareRequest() {
        return request(bare);
    }

    @Benchmark
    public int browserRequest() {
        return request(browser);
    }

    @Benchmark
    public int editedBrowserRequest() {
        return request(edited);
    }

    @Benchmark
    public int response() {
        out.clear();
        HeadEncoder.response(out, answer, Framing.AS_IS, Persistence.DEFAULT, null);
        return out.writerIndex();
    }

    @Benchmark
    public int chunkedResponse() {
        out.clear();
        HeadEncoder.response(out, chunked, Framing.CHUNKED, Persistence.CLOSE, null);
        return out.writerIndex();
    }
}
