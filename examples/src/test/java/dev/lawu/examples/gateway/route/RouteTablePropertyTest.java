package dev.lawu.examples.gateway.route;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.http.RequestHead;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The table against a plain search of a list, which knows nothing of trees and hashes and has its own idea of what matches, over random routes and requests. */
class RouteTablePropertyTest {
    private static final String[] HOSTS = {"", "", "a.com", "b.a.com", "*.a.com", "*.b.a.com", "*.com", "[::1]"};
    private static final String[] AUTHORITIES = {
        null, "a.com", "A.com:80", "b.a.com", "c.b.a.com", "x.a.com.", "com", "a.org", "[::1]:8080", ".a.com", "..com"
    };
    private static final String[] SEGMENTS = {"a", "b", "ab", "v1", "", "%2F", "x.y"};
    private static final String[] REGEXES = {
        ".*",
        "/a/.*",
        "/a/[ab]+",
        "/a|/b",
        "/(a|b)/v[0-9]",
        "/ab?/.*",
        "/a/b/?",
        "[^/]*",
        "/a/\\.",
        "/v1/.+/x\\.y",
        "^/b.*$"
    };
    private static final String[] METHODS = {"GET", "POST"};

    /** A route as the search sees it. */
    private record Plain(int order, RouteMatch match, String host, char kind, String path, List<String> wishes) {}

    private Random random = new Random(0);

    private RouteTablePropertyTest seeded(long seed) {
        random = new Random(seed);
        return this;
    }

    @Test
    void theTableFindsWhatASearchFinds() throws Exception {
        int found = 0;
        for (int seed = 0; seed < 4_000; seed++) {
            found += seeded(seed).compare(seed, 1 + seed % 40, 25);
        }
        // Many requests must find something, or nothing was tested.
        assertThat(found).isGreaterThan(40_000);
    }

    @Test
    void tenThousandRoutesAreFoundAsByASearch() throws Exception {
        assertThat(seeded(17).compare(17, 10_000, 300)).isGreaterThan(200);
    }

    private int compare(int seed, int routes, int requests) throws Exception {
        List<Plain> list = new ArrayList<>();
        Set<Object> seen = new HashSet<>();
        for (int i = 0; i < routes; i++) {
            Plain plain = route(i, routes > 1000 ? 40 : 0);
            if (seen.add(plain.match.identity())) {
                list.add(plain);
            }
        }
        RouteTable<Plain> table = new RouteTable<>(list, Plain::match);
        int found = 0;
        for (int i = 0; i < requests; i++) {
            TestRequest request = request(routes > 1000 ? 40 : 0);
            Plain expected = search(list, request);
            assertThat(table.find(request))
                    .as("seed %s, %s, routes %s", seed, request, list)
                    .isEqualTo(expected);
            List<RouteTable.Step<Plain>> steps = table.explain(request);
            assertThat(steps.stream()
                            .filter(step -> step.unmet() == null)
                            .findFirst()
                            .map(RouteTable.Step::route)
                            .orElse(null))
                    .as("the explanation; seed %s, %s, routes %s", seed, request, list)
                    .isEqualTo(expected);
            found += expected == null ? 0 : 1;
        }
        return found;
    }

    private String pick(String[] texts) {
        return texts[random.nextInt(texts.length)];
    }

    private String path(int more) {
        StringBuilder path = new StringBuilder();
        for (int i = random.nextInt(5); i > 0; i--) {
            path.append('/').append(more > 0 ? "s" + random.nextInt(more) : pick(SEGMENTS));
        }
        return path.append(path.isEmpty() || random.nextInt(3) == 0 ? "/" : "").toString();
    }

    private Plain route(int order, int more) {
        String host = pick(HOSTS);
        int kind = random.nextInt(6);
        String path = kind == 0 ? pick(REGEXES) : path(more);
        PathMatch match = kind == 0 ? PathMatch.regex(path) : kind < 3 ? PathMatch.exact(path) : PathMatch.prefix(path);
        List<Condition> conditions = new ArrayList<>();
        List<String> wishes = new ArrayList<>();
        if (random.nextInt(3) == 0) {
            String method = pick(METHODS);
            conditions.add(new Condition.Method(Set.of(method)));
            wishes.add("m" + method);
        }
        if (random.nextInt(5) == 0) {
            conditions.add(new Condition.Header("X-A", TextMatch.exact("1")));
            wishes.add("h");
        }
        if (random.nextInt(5) == 0) {
            conditions.add(new Condition.Query("q", TextMatch.PRESENT));
            wishes.add("q");
        }
        if (random.nextInt(5) == 0) {
            conditions.add(new Condition.Cookie("c", TextMatch.exact("1")));
            wishes.add("c");
        }
        if (random.nextInt(5) == 0) {
            conditions.add(new Condition.Client(List.of("10.0.0.0/8")));
            wishes.add("n");
        }
        int priority = random.nextInt(8) == 0 ? random.nextInt(3) - 1 : 0;
        return new Plain(
                order,
                new RouteMatch(priority, host, match, conditions),
                host,
                kind == 0 ? 'r' : kind < 3 ? 'e' : 'p',
                path,
                wishes);
    }

    private TestRequest request(int more) throws UnknownHostException {
        String path = random.nextInt(60) == 0 ? "*" : path(more);
        if (random.nextInt(10) == 0) {
            path = path.replace("a", "%61").replace("%2F", "%2f");
        }
        String target = path + (random.nextInt(3) == 0 ? "?q=/a/b" : random.nextInt(3) == 0 ? "?r=/v1" : "");
        RequestHead head = RequestHead.of(pick(METHODS), target);
        String authority = pick(AUTHORITIES);
        if (authority != null) {
            head.headers().set("Host", authority);
        }
        if (random.nextInt(2) == 0) {
            head.headers().add("x-a", "1");
        }
        if (random.nextInt(2) == 0) {
            head.headers().add("Cookie", "b=2; c=1");
        }
        byte[] client = {(byte) (random.nextInt(2) == 0 ? 10 : 11), 0, 0, 1};
        return new TestRequest(head, new InetSocketAddress(InetAddress.getByAddress(client), 1), "http");
    }

    // ---- the plain model

    private static Plain search(List<Plain> routes, TestRequest request) {
        Plain best = null;
        for (Plain route : routes) {
            if (matches(route, request) && (best == null || isBetter(route, best))) {
                best = route;
            }
        }
        return best;
    }

    private static boolean matches(Plain route, TestRequest request) {
        String host = request.request().authority();
        host = host == null
                ? null
                : host.toLowerCase().replaceFirst(":[0-9]+$", "").replaceFirst("(.)\\.$", "$1");
        String path = request.request()
                .target()
                .replaceFirst("\\?.*", "")
                .replace("%61", "a")
                .replace("%2f", "%2F");
        boolean isHost = route.host.isEmpty()
                || host != null
                        && (route.host.startsWith("*")
                                ? host.matches(".+" + Pattern.quote(route.host.substring(1)))
                                : host.equals(route.host));
        boolean isPath = switch (route.kind) {
            case 'e' -> path.equals(route.path);
            case 'r' -> path.matches(route.path);
            default ->
                route.path.equals("/")
                        || path.equals(route.path)
                        || (path + "/").startsWith(route.path.endsWith("/") ? route.path : route.path + "/")
                                && (!route.path.endsWith("/") || path.startsWith(route.path));
        };
        return isHost && isPath && route.wishes.stream().allMatch(wish -> isMet(wish, request));
    }

    private static boolean isMet(String wish, TestRequest request) {
        return switch (wish.charAt(0)) {
            case 'm' -> request.request().method().equals(wish.substring(1));
            case 'h' -> request.request().headers().contains("X-A");
            case 'q' -> request.request().target().contains("?q=");
            case 'c' -> request.request().headers().contains("Cookie");
            default -> request.clientAddress().getAddress().getAddress()[0] == 10;
        };
    }

    private static boolean isBetter(Plain one, Plain other) {
        int[] a = rank(one);
        int[] b = rank(other);
        for (int i = 0; i < a.length; i++) {
            if (a[i] != b[i]) {
                return a[i] > b[i];
            }
        }
        return one.order < other.order;
    }

    private static int[] rank(Plain route) {
        int host = route.host.isEmpty() ? 0 : route.host.startsWith("*") ? route.host.length() : 1000;
        // The beginnings of REGEXES, by hand.
        int length = route.kind != 'r'
                ? route.path.length()
                : switch (route.path) {
                    case "/a/.*", "/a/[ab]+", "/a/b/?", "/a/\\." -> 3;
                    case "/v1/.+/x\\.y" -> 4;
                    default -> 1;
                };
        return new int[] {
            route.match.priority(),
            host,
            route.kind == 'e' ? 1 : 0,
            length,
            route.kind == 'r' ? 1 : 0,
            route.wishes.size()
        };
    }
}
