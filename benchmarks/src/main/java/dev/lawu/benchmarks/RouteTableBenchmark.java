package dev.lawu.benchmarks;

import dev.lawu.examples.gateway.route.Condition;
import dev.lawu.examples.gateway.route.PathMatch;
import dev.lawu.examples.gateway.route.RequestView;
import dev.lawu.examples.gateway.route.RouteMatch;
import dev.lawu.examples.gateway.route.RouteTable;
import dev.lawu.examples.gateway.route.TextMatch;
import dev.lawu.proxy.http.RequestHead;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * What it costs the gateway to find a request's route, by how many there are.
 *
 * <p>A request in turn of 1,024, which ask for as many routes, or for all there are. With many routes what is looked at is in no cache of the processor, which is what is left of their number.
 */
public class RouteTableBenchmark extends SmallBenchmark {
    private static final int REQUESTS = 1024;

    /** What tells the routes from each other. */
    public enum Kind {
        /** A host each, and a prefix. */
        HOST,
        /** A prefix each, of two segments; the request has four. */
        PREFIX,
        /** A path each. */
        EXACT,
        /** A wildcard each; the request's host is two labels below it. */
        WILDCARD,
        /** A regular expression each, that begins with two segments of its own. */
        REGEX,
        /** A prefix each, and a header to be met. */
        CONDITION
    }

    @Param({"10", "1000", "100000"})
    private int routes;

    @Param
    private Kind kind = Kind.HOST;

    private final View[] views = new View[REQUESTS];
    private RouteTable<RouteMatch> table = new RouteTable<>(List.of(), match -> match);
    private int next;

    private record View(RequestHead request, @Nullable InetSocketAddress clientAddress, String scheme)
            implements RequestView {}

    @Setup(Level.Trial)
    public void fill() {
        List<RouteMatch> matches = new ArrayList<>();
        for (int i = 0; i < routes; i++) {
            matches.add(match(i));
        }
        table = new RouteTable<>(matches, match -> match);
        Random random = new Random(1);
        for (int i = 0; i < REQUESTS; i++) {
            views[i] = request(random.nextInt(routes));
            RouteMatch found = table.find(views[i]);
            if (found == null) {
                throw new AssertionError("no route for " + views[i].request());
            }
        }
    }

    private RouteMatch match(int i) {
        return switch (kind) {
            case HOST -> RouteMatch.of("t" + i + ".example.com", PathMatch.prefix("/api"));
            case PREFIX -> RouteMatch.of("", PathMatch.prefix("/api/t" + i));
            case EXACT -> RouteMatch.of("", PathMatch.exact("/api/t" + i + "/users/1"));
            case WILDCARD -> RouteMatch.of("*.t" + i + ".example.com", PathMatch.prefix("/api"));
            case REGEX -> RouteMatch.of("", PathMatch.regex("/api/t" + i + "/users/[0-9]+"));
            case CONDITION ->
                new RouteMatch(
                        0,
                        "",
                        PathMatch.prefix("/api/t" + i),
                        List.of(new Condition.Header("X-Tenant", TextMatch.exact("t"))));
        };
    }

    private View request(int i) {
        RequestHead head = RequestHead.of("GET", "/api/t" + i + "/users/1");
        String host = kind == Kind.WILDCARD ? "a.b.t" + i + ".example.com" : "t" + i + ".example.com";
        head.headers().set("Host", host).set("X-Tenant", "t");
        head.target();
        return new View(head, null, "http");
    }

    @Benchmark
    public @Nullable RouteMatch find() {
        View view = views[next++ & REQUESTS - 1];
        return table.find(view);
    }
}
