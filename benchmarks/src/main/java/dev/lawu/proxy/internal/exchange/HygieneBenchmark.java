package dev.lawu.proxy.internal.exchange;

import dev.lawu.benchmarks.SampleHeads;
import dev.lawu.benchmarks.SmallBenchmark;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.internal.loop.SectionPool;
import org.openjdk.jmh.annotations.Benchmark;

/**
 * What the machine itself edits: the fields of one hop go, those that tell the upstream of the client come. Each starts from a copy in a recycled section, as the machine does for a request: subtract
 * {@link #copyRequest} or {@link #copyResponse}.
 */
public class HygieneBenchmark extends SmallBenchmark {
    private final SectionPool sections = new SectionPool();
    private final Hygiene hygiene = new Hygiene(ProxyOptions.DEFAULTS);
    private final ClientFacts client = ClientFacts.of(new StubConnection(1), ProxyOptions.DEFAULTS.trustedProxies());
    private final RequestHead bare = SampleHeads.request(SampleHeads.BARE_REQUEST);
    private final RequestHead browser = SampleHeads.request(SampleHeads.BROWSER_REQUEST);
    private final ResponseHead answer = SampleHeads.response(SampleHeads.RESPONSE);

    private RequestHead upstreamCopy(RequestHead head) {
        RequestHead copy = head.copyInto(sections.take());
        hygiene.request(copy, client);
        sections.retire(copy.headers());
        return copy;
    }

    @Benchmark
    public RequestHead bareRequest() {
        return upstreamCopy(bare);
    }

    @Benchmark
    public RequestHead browserRequest() {
        return upstreamCopy(browser);
    }

    @Benchmark
    public ResponseHead response() {
        ResponseHead copy = answer.copyInto(sections.take());
        hygiene.response(copy);
        sections.retire(copy.headers());
        return copy;
    }

    @Benchmark
    public RequestHead copyRequest() {
        RequestHead copy = browser.copyInto(sections.take());
        sections.retire(copy.headers());
        return copy;
    }

    @Benchmark
    public ResponseHead copyResponse() {
        ResponseHead copy = answer.copyInto(sections.take());
        sections.retire(copy.headers());
        return copy;
    }
}
