package dev.lawu.examples.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RouteTableTest {
    private static RouteMatch prefix(String host, String path) {
        return new RouteMatch(host, path, false);
    }

    private static RouteMatch exact(String host, String path) {
        return new RouteMatch(host, path, true);
    }

    private static RouteTable<String> table(RouteMatch... matches) {
        RouteTable<String> table = new RouteTable<>();
        for (RouteMatch match : matches) {
            assertThat(table.add(match, match.toString())).isTrue();
        }
        return table;
    }

    @ParameterizedTest
    @CsvSource({
        "/,              /",
        "/apiary,        /",
        "/ap,            /",
        "/api,           /api",
        "/api?a=/api/v2, /api",
        "/api/,          /api",
        "/api/v1,        /api",
        "/api/v2,        /api",
        "/api/v2?x,      /api",
        "/api/v2/,       /api/v2/",
        "/api/v2/users,  /api/v2/",
        "//api,          /",
        "/api//v2/x,     /api",
        "/%61pi,         /api",
        "/api%2Fv2/x,    /",
        "*,              /",
        "host:443,       /"
    })
    void aPrefixIsOfWholeSegmentsAndTheLongestWins(String target, String path) {
        RouteTable<String> table = table(prefix("", "/"), prefix("", "/api"), prefix("", "/api/v2/"));
        assertThat(table.find(null, target)).isEqualTo(prefix("", path).toString());
    }

    @Test
    void aPrefixWithASlashAtItsEndDoesNotMatchWithoutIt() {
        RouteTable<String> table = table(prefix("", "/api/"));
        assertThat(table.find(null, "/api")).isNull();
        assertThat(table.find(null, "/api?x=/")).isNull();
        assertThat(table.find(null, "/")).isNull();
        assertThat(table.find(null, "*")).isNull();
        assertThat(table.find(null, "/api/?x")).isNotNull();
    }

    @Test
    void anExactPathGoesBeforePrefixes() {
        RouteTable<String> table = table(prefix("", "/a"), exact("", "/a"), exact("", "/a/b"), exact("", "/c%2F"));
        assertThat(table.find(null, "/a")).isEqualTo(exact("", "/a").toString());
        assertThat(table.find(null, "/a?b")).isEqualTo(exact("", "/a").toString());
        assertThat(table.find(null, "/a/b")).isEqualTo(exact("", "/a/b").toString());
        assertThat(table.find(null, "/a/b/")).isEqualTo(prefix("", "/a").toString());
        assertThat(table.find(null, "/c%2f")).isEqualTo(exact("", "/c%2F").toString());
        assertThat(table.find(null, "/c")).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "example.com,          example.com",
        "EXAMPLE.com,          example.com",
        "example.com.,         example.com",
        "example.com:8443,     example.com",
        "example.com.:8443,    example.com",
        "www.example.com,      *.example.com",
        "a.b.example.com,      *.b.example.com",
        "x.a.b.example.com:1,  *.b.example.com",
        "b.example.com,        *.example.com",
        "notexample.com,       ''",
        "example.org,          ''",
        "[::1],                [::1]",
        "[::1]:8080,           [::1]",
        "[::2]:8080,           ''",
        ".,                    ''",
        "'',                   ''"
    })
    void anExactHostGoesBeforeTheLongestWildcardBeforeAny(String authority, String host) {
        RouteTable<String> table = table(
                prefix("", "/"),
                prefix("example.com", "/"),
                prefix("*.example.com", "/"),
                prefix("*.b.example.com", "/"),
                prefix("[::1]", "/"));
        assertThat(table.find(authority, "/x")).isEqualTo(prefix(host, "/").toString());
    }

    @Test
    void whereAHostHasNoPathTheLessSpecificHostsAreLookedAt() {
        RouteTable<String> table =
                table(prefix("a.example.com", "/a"), prefix("*.example.com", "/b"), exact("", "/c"), exact("", "/a"));
        assertThat(table.find("a.example.com", "/a"))
                .isEqualTo(prefix("a.example.com", "/a").toString());
        assertThat(table.find("a.example.com", "/b"))
                .isEqualTo(prefix("*.example.com", "/b").toString());
        assertThat(table.find("a.example.com", "/c")).isEqualTo(exact("", "/c").toString());
        assertThat(table.find("a.example.com", "/d")).isNull();
        assertThat(table.find(null, "/a")).isEqualTo(exact("", "/a").toString());
    }

    @Test
    void theSameMatchIsRefused() {
        RouteTable<String> table = table(prefix("", "/a"), exact("", "/a"), prefix("", "/a/"));
        assertThat(table.add(prefix("", "/a"), "again")).isFalse();
        assertThat(table.add(prefix("", "/a/"), "again")).isFalse();
        assertThat(table.add(exact("", "/a"), "again")).isFalse();
    }

    /** Against a search of the whole list, with paths that share segments. */
    @Test
    void tenThousandRoutesAreFoundAsByASearch() {
        Random random = new Random(17);
        String[] hosts = {"", "a.example.com", "*.example.com", "*.com"};
        RouteTable<RouteMatch> table = new RouteTable<>();
        List<RouteMatch> list = new ArrayList<>();
        while (list.size() < 10_000) {
            RouteMatch match =
                    new RouteMatch(hosts[random.nextInt(hosts.length)], path(random), random.nextInt(4) == 0);
            if (table.add(match, match)) {
                list.add(match);
            }
        }
        String[] authorities = {"a.example.com", "b.example.com:80", "example.com", "c.org"};
        for (int i = 0; i < 1_000; i++) {
            String authority = authorities[random.nextInt(authorities.length)];
            String target = path(random) + (random.nextBoolean() ? "?/s1/s2" : "");
            assertThat(table.find(authority, target))
                    .as("%s %s", authority, target)
                    .isEqualTo(search(list, authority, target));
        }
    }

    private static String path(Random random) {
        StringBuilder path = new StringBuilder();
        int segments = random.nextInt(6);
        for (int i = 0; i < segments; i++) {
            path.append("/s").append(random.nextInt(12));
        }
        return path.append(segments == 0 || random.nextInt(3) == 0 ? "/" : "").toString();
    }

    private static RouteMatch search(List<RouteMatch> list, String authority, String target) {
        String host = authority.replaceFirst(":.*", "");
        String path = target.replaceFirst("\\?.*", "");
        RouteMatch best = null;
        for (RouteMatch match : list) {
            if (matches(match, host, path) && (best == null || rank(match) > rank(best))) {
                best = match;
            }
        }
        return best;
    }

    private static boolean matches(RouteMatch match, String host, String path) {
        boolean isHost = match.host().isEmpty()
                || match.host().equals(host)
                || match.host().startsWith("*") && host.endsWith(match.host().substring(1));
        return isHost
                && (match.isExact()
                        ? path.equals(match.path())
                        : path.equals(match.path())
                                || path.startsWith(match.path().endsWith("/") ? match.path() : match.path() + "/"));
    }

    private static long rank(RouteMatch match) {
        long host = match.host().isEmpty()
                ? 0
                : match.host().startsWith("*") ? match.host().length() : 1_000;
        return host * 1_000_000 + (match.isExact() ? 500_000 : 0) + match.path().length();
    }
}
