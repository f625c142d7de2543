package dev.lawu.benchmarks;

import dev.lawu.proxy.http.FieldName;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.internal.loop.SectionPool;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;

/**
 * What filters do with the fields of a browser's request.
 *
 * <p>An edit needs a head of its own, so each starts from a copy in a recycled section: subtract {@link #copy}. Lookups are of {@code Cookie}, the last of the fields, and of one that is not there.
 */
public class HeadEditingBenchmark extends SmallBenchmark {
    private static final FieldName COOKIE = FieldName.of("Cookie");
    private static final FieldName ABSENT = FieldName.of("X-Request-Id");

    private final SectionPool sections = new SectionPool();
    private final RequestHead head = SampleHeads.request(SampleHeads.BROWSER_REQUEST);
    private final Headers headers = head.headers();
    // Not constants: a name that the compiler knows is hashed while it compiles.
    private String cookie = "Cookie";
    private String absent = "X-Request-Id";
    private String value = "7f3b9c2e51d84a06";

    private RequestHead take() {
        return head.copyInto(sections.take());
    }

    private RequestHead give(RequestHead copy) {
        sections.retire(copy.headers());
        return copy;
    }

    @Benchmark
    public RequestHead copy() {
        return give(take());
    }

    @Benchmark
    public RequestHead copyAndAdd() {
        RequestHead copy = take();
        copy.headers().add(absent, value);
        return give(copy);
    }

    @Benchmark
    public RequestHead copyAndSetAbsent() {
        RequestHead copy = take();
        copy.headers().set(absent, value);
        return give(copy);
    }

    @Benchmark
    public RequestHead copyAndSetPresent() {
        RequestHead copy = take();
        copy.headers().set(cookie, value);
        return give(copy);
    }

    @Benchmark
    public RequestHead copyAndRemoveByFieldName() {
        RequestHead copy = take();
        copy.headers().remove(COOKIE);
        return give(copy);
    }

    @Benchmark
    public RequestHead copyAndRemoveByString() {
        RequestHead copy = take();
        copy.headers().remove(cookie);
        return give(copy);
    }

    @Benchmark
    public boolean containsByFieldName() {
        return headers.contains(COOKIE);
    }

    @Benchmark
    public boolean containsByString() {
        return headers.contains(cookie);
    }

    @Benchmark
    public boolean containsAbsentByFieldName() {
        return headers.contains(ABSENT);
    }

    @Benchmark
    public boolean containsAbsentByString() {
        return headers.contains(absent);
    }

    @Benchmark
    public @Nullable String getByFieldName() {
        return headers.get(COOKIE);
    }

    @Benchmark
    public @Nullable String getByString() {
        return headers.get(cookie);
    }
}
