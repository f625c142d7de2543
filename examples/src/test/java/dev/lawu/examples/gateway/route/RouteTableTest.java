package dev.lawu.examples.gateway.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lawu.proxy.http.RequestHead;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class RouteTableTest {
    private static RouteMatch prefix(String host, String path) {
        return RouteMatch.of(host, PathMatch.prefix(path));
    }

    private static RouteMatch exact(String host, String path) {
        return RouteMatch.of(host, PathMatch.exact(path));
    }

    private static RouteMatch regex(String regex, Condition... conditions) {
        return new RouteMatch(0, "", PathMatch.regex(regex), List.of(conditions));
    }

    private static RouteMatch conditional(int priority, String path, Condition... conditions) {
        return new RouteMatch(priority, "", PathMatch.prefix(path), List.of(conditions));
    }

    private static RouteTable<RouteMatch> table(RouteMatch... matches) {
        return new RouteTable<>(List.of(matches), match -> match);
    }

    private static String find(RouteTable<RouteMatch> table, String host, String target, String... namesAndValues) {
        RouteMatch found = table.find(TestRequest.get(host, target, namesAndValues));
        return found == null ? null : found.toString();
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
        RouteTable<RouteMatch> table = table(prefix("", "/"), prefix("", "/api"), prefix("", "/api/v2/"));
        assertThat(find(table, null, target)).isEqualTo(prefix("", path).toString());
    }

    @Test
    void aPrefixWithASlashAtItsEndDoesNotMatchWithoutIt() {
        RouteTable<RouteMatch> table = table(prefix("", "/api/"));
        assertThat(find(table, null, "/api")).isNull();
        assertThat(find(table, null, "/api?x=/")).isNull();
        assertThat(find(table, null, "/")).isNull();
        assertThat(find(table, null, "*")).isNull();
        assertThat(find(table, null, "/api/?x")).isNotNull();
    }

    @Test
    void anExactPathGoesBeforePrefixes() {
        RouteTable<RouteMatch> table = table(prefix("", "/a"), exact("", "/a"), exact("", "/a/b"), exact("", "/c%2F"));
        assertThat(find(table, null, "/a")).isEqualTo(exact("", "/a").toString());
        assertThat(find(table, null, "/a?b")).isEqualTo(exact("", "/a").toString());
        assertThat(find(table, null, "/a/b")).isEqualTo(exact("", "/a/b").toString());
        assertThat(find(table, null, "/a/b/")).isEqualTo(prefix("", "/a").toString());
        assertThat(find(table, null, "/c%2f")).isEqualTo(exact("", "/c%2F").toString());
        assertThat(find(table, null, "/c")).isNull();
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
        RouteTable<RouteMatch> table = table(
                prefix("", "/"),
                prefix("example.com", "/"),
                prefix("*.example.com", "/"),
                prefix("*.b.example.com", "/"),
                prefix("[::1]", "/"));
        assertThat(find(table, authority, "/x")).isEqualTo(prefix(host, "/").toString());
    }

    @Test
    void whereAHostHasNoPathTheLessSpecificHostsAreLookedAt() {
        RouteTable<RouteMatch> table =
                table(prefix("a.example.com", "/a"), prefix("*.example.com", "/b"), exact("", "/c"), exact("", "/a"));
        assertThat(find(table, "a.example.com", "/a"))
                .isEqualTo(prefix("a.example.com", "/a").toString());
        assertThat(find(table, "a.example.com", "/b"))
                .isEqualTo(prefix("*.example.com", "/b").toString());
        assertThat(find(table, "a.example.com", "/c")).isEqualTo(exact("", "/c").toString());
        assertThat(find(table, "a.example.com", "/d")).isNull();
        assertThat(find(table, null, "/a")).isEqualTo(exact("", "/a").toString());
    }

    @Test
    void theSameMatchIsRefused() {
        Condition get = new Condition.Method(Set.of("GET"));
        Condition tls = new Condition.Scheme("https");
        assertThat(table(prefix("", "/a"), exact("", "/a"), prefix("", "/a/"), conditional(1, "/a")))
                .isNotNull();
        for (RouteMatch again :
                new RouteMatch[] {prefix("", "/a"), exact("", "/a"), regex("/a.*"), conditional(0, "/a", tls, get)}) {
            assertThatThrownBy(() -> table(
                            prefix("", "/a"), exact("", "/a"), regex("/a.*"), conditional(0, "/a", get, tls), again))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("twice");
        }
    }

    @Test
    void moreThanSixteenPrioritiesAreRefused() {
        RouteMatch[] matches =
                IntStream.range(0, 17).mapToObj(i -> conditional(i, "/")).toArray(RouteMatch[]::new);
        assertThatThrownBy(() -> table(matches))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("routes: 17 priorities (expected: at most 16)");
    }

    @Test
    void aHigherPriorityGoesBeforeAllElse() {
        RouteTable<RouteMatch> table = table(
                exact("a.example.com", "/x"), conditional(5, "/"), conditional(9, "/x", new Condition.Scheme("https")));
        assertThat(find(table, "a.example.com", "/x")).isEqualTo("any host, prefix /, priority 5");
        RequestHead head = RequestHead.of("GET", "/x");
        assertThat(table.find(new TestRequest(head, null, "https")))
                .hasToString("any host, prefix /x, scheme https, priority 9");
    }

    @Test
    void aRegexGoesBeforeAPrefixOfTheSameBeginningButNotBeforeALongerOne() {
        RouteTable<RouteMatch> table = table(
                prefix("", "/api/"),
                regex("/api/[0-9]+"),
                regex("/api/v1/.*"),
                prefix("", "/api/v1/users"),
                regex(".*[.]php"));
        assertThat(find(table, null, "/api/1")).isEqualTo("any host, regex /api/[0-9]+");
        assertThat(find(table, null, "/api/1?x=/a")).isEqualTo("any host, regex /api/[0-9]+");
        assertThat(find(table, null, "/api/%31")).isEqualTo("any host, regex /api/[0-9]+");
        assertThat(find(table, null, "/api/1x")).isEqualTo("any host, prefix /api/");
        assertThat(find(table, null, "/api/v1/users/1")).isEqualTo("any host, prefix /api/v1/users");
        assertThat(find(table, null, "/api/v1/groups")).isEqualTo("any host, regex /api/v1/.*");
        assertThat(find(table, null, "/x/y.php")).isEqualTo("any host, regex .*[.]php");
        assertThat(find(table, null, "/x/y.phpx")).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "/users/([0-9]+),  /users/",
        "^/a/b/c,          /a/b/",
        "/a/b?/c,          /a/",
        "/a/b{0}/c,        /a/",
        "/a/bc*/d,         /a/",
        "/a/b+/c,          /a/",
        "/a|/b,            /",
        "/a/(b|c)/d,       /a/",
        "/a/[(]x|/b[)],    /",
        "(?i)/a/b,         /",
        "/a\\.b/c,         /a.b/",
        "/a\\d/c,          /",
        "/a/\\Qb|c\\E/d,   /",
        "[^/]+,            /",
        "a/b,              /"
    })
    void aRegexIsLookedForWhereAllItsPathsBegin(String regex, String directory) {
        assertThat(RegexLiteral.directory(regex)).isEqualTo(directory);
    }

    static Stream<Condition> conditionsThatTheRequestMeets() throws Exception {
        return Stream.of(
                new Condition.Method(Set.of("GET", "HEAD")),
                new Condition.Scheme("http"),
                new Condition.Header("X-TENANT", TextMatch.exact("red")),
                new Condition.Header("x-tenant", TextMatch.exact("blue")),
                new Condition.Header("x-tenant", TextMatch.regex("b.*")),
                new Condition.Header("x-tenant", TextMatch.prefix("bl")),
                new Condition.Header("x-tenant", TextMatch.PRESENT),
                new Condition.Header("x-none", TextMatch.ABSENT),
                new Condition.Query("a", TextMatch.exact("1 2")),
                new Condition.Query("a", TextMatch.exact("")),
                new Condition.Query("b", TextMatch.exact("x=y")),
                new Condition.Query("c", TextMatch.PRESENT),
                new Condition.Query("ü", TextMatch.exact("%zz")),
                new Condition.Query("d", TextMatch.ABSENT),
                new Condition.Cookie("sid", TextMatch.exact("s1")),
                new Condition.Cookie("q", TextMatch.exact("in quotes")),
                new Condition.Cookie("other", TextMatch.exact("o=p")),
                new Condition.Client(List.of("10.0.0.0/8")),
                new Condition.Client(List.of("192.168.0.1", "10.1.2.3")));
    }

    static Stream<Condition> conditionsThatTheRequestDoesNotMeet() {
        return Stream.of(
                new Condition.Method(Set.of("get", "POST")),
                new Condition.Scheme("https"),
                new Condition.Header("x-tenant", TextMatch.exact("Red")),
                new Condition.Header("x-tenant", TextMatch.regex("l.*")),
                new Condition.Header("x-tenant", TextMatch.prefix("u")),
                new Condition.Header("x-tenant", TextMatch.ABSENT),
                new Condition.Header("x-none", TextMatch.PRESENT),
                new Condition.Query("a", TextMatch.exact("1+2")),
                new Condition.Query("d", TextMatch.PRESENT),
                new Condition.Query("A", TextMatch.PRESENT),
                new Condition.Cookie("SID", TextMatch.PRESENT),
                new Condition.Cookie("id", TextMatch.PRESENT),
                new Condition.Client(List.of("11.0.0.0/8", "::1")));
    }

    private static TestRequest request() throws Exception {
        RequestHead head = RequestHead.of(
                "GET",
                "/x?a=1+2&b=x%3Dy&c&a=&%C3%BC=%zz",
                "X-Tenant",
                "red",
                "x-tenant",
                "blue",
                "Cookie",
                "sid=s1; q=\"in quotes\"",
                "Cookie",
                "other=o=p");
        InetAddress client = InetAddress.getByAddress(new byte[] {10, 1, 2, 3});
        return new TestRequest(head, new InetSocketAddress(client, 1), "http");
    }

    @ParameterizedTest
    @MethodSource("conditionsThatTheRequestMeets")
    void conditionsThatAreMet(Condition condition) throws Exception {
        assertThat(condition.matches(request())).isTrue();
        assertThat(table(conditional(0, "/", condition)).find(request())).isNotNull();
    }

    @ParameterizedTest
    @MethodSource("conditionsThatTheRequestDoesNotMeet")
    void conditionsThatAreNotMet(Condition condition) throws Exception {
        assertThat(condition.matches(request())).isFalse();
        assertThat(table(conditional(0, "/", condition)).find(request())).isNull();
    }

    @Test
    void moreConditionsGoBeforeFewerAndTheOrderDecidesBetweenAsMany() {
        Condition red = new Condition.Header("x-tenant", TextMatch.exact("red"));
        Condition a = new Condition.Query("a", TextMatch.PRESENT);
        Condition b = new Condition.Query("b", TextMatch.PRESENT);
        RouteTable<RouteMatch> table =
                table(prefix("", "/"), conditional(0, "/", b), conditional(0, "/", a), conditional(0, "/", red, a));
        Map<String, String> expected = Map.of(
                "/?a&b", "any host, prefix /, query b present",
                "/?a", "any host, prefix /, query a present",
                "/?c", "any host, prefix /");
        expected.forEach(
                (target, route) -> assertThat(find(table, null, target)).isEqualTo(route));
        assertThat(find(table, null, "/?a&b", "X-Tenant", "red"))
                .isEqualTo("any host, prefix /, header x-tenant \"red\", query a present");
    }

    @Test
    void whereConditionsAreNotMetTheLessSpecificRoutesAreLookedAt() {
        Condition post = new Condition.Method(Set.of("POST"));
        RouteTable<RouteMatch> table = table(
                new RouteMatch(0, "a.example.com", PathMatch.exact("/a/b"), List.of(post)),
                new RouteMatch(0, "a.example.com", PathMatch.prefix("/a"), List.of(post)),
                new RouteMatch(0, "*.example.com", PathMatch.prefix("/a/b"), List.of(post)),
                prefix("", "/a"));
        assertThat(find(table, "a.example.com", "/a/b")).isEqualTo("any host, prefix /a");
    }

    @Test
    void anExplanationListsWhatWasLookedAtInOrder() {
        Condition post = new Condition.Method(Set.of("POST"));
        RouteTable<RouteMatch> table =
                table(prefix("", "/"), prefix("", "/b"), conditional(0, "/a", post), conditional(1, "/a/", post));
        assertThat(table.explain(TestRequest.get(null, "/a/c?d")))
                .extracting(step -> step.route() + " | " + step.unmet())
                .containsExactly(
                        "any host, prefix /a/, method POST, priority 1 | method POST",
                        "any host, prefix /a, method POST | method POST",
                        "any host, prefix / | null");
    }
}
