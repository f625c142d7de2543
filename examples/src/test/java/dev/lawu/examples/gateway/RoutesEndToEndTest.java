package dev.lawu.examples.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.examples.gateway.TestGateway.Answer;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What routes do, from the file to the bytes. */
class RoutesEndToEndTest {
    private static final String UPSTREAM =
            "upstreams: { app: { peers: [\"ORIGIN\"] }, other: { peers: [\"SECOND\"] } }\n";

    @TempDir
    private Path directory;

    private TestGateway start(String routes) throws Exception {
        return new TestGateway(directory, UPSTREAM + routes);
    }

    @Test
    void everyKindOfConditionChoosesTheRoute() throws Exception {
        try (TestGateway gateway = start("""
                trusted-proxies: [127.0.0.1]
                routes:
                  - { match: {}, respond: { body: other } }
                  - { match: { host: [a.example.com, b.example.com] }, respond: { body: host } }
                  - { match: { exact: /x }, respond: { body: exact } }
                  - { match: { regex: "/x/[0-9]+" }, respond: { body: regex } }
                  - { match: { method: [POST, PUT] }, respond: { body: method } }
                  - { match: { header: { x-a: "1", x-b: { present: true } } }, respond: { body: header } }
                  - { match: { query: { q: { prefix: ab } } }, respond: { body: query } }
                  - { match: { cookie: { beta: { regex: "on|yes" } } }, respond: { body: cookie } }
                  - { match: { client: [10.0.0.0/8] }, respond: { body: client } }
                  - { match: { scheme: https }, respond: { body: scheme } }
                  - { match: { exact: /x }, priority: -1, upstream: app }
                """)) {
            assertThat(gateway.get("/").body()).isEqualTo("other");
            assertThat(gateway.get("/", "Host: A.example.com:80").body()).isEqualTo("host");
            assertThat(gateway.get("/", "Host: b.example.com").body()).isEqualTo("host");
            assertThat(gateway.get("/x?y").body()).isEqualTo("exact");
            assertThat(gateway.get("/x/12").body()).isEqualTo("regex");
            assertThat(gateway.get("/x/12a").body()).isEqualTo("other");
            assertThat(gateway.send("PUT", "/", "").body()).isEqualTo("method");
            assertThat(gateway.get("/", "X-A: 1", "X-B: 2").body()).isEqualTo("header");
            assertThat(gateway.get("/", "X-A: 1").body()).isEqualTo("other");
            assertThat(gateway.get("/?q=%61bc").body()).isEqualTo("query");
            assertThat(gateway.get("/", "Cookie: a=b; beta=yes").body()).isEqualTo("cookie");
            assertThat(gateway.get("/", "X-Forwarded-For: 10.1.1.1").body()).isEqualTo("client");
            assertThat(gateway.get("/", "X-Forwarded-Proto: https").body()).isEqualTo("scheme");
        }
    }

    @Test
    void pathsAreRewrittenOnTheirWay() throws Exception {
        try (TestGateway gateway = start("""
                routes:
                  - { match: { path-prefix: /api }, strip-prefix: /api, upstream: app }
                  - { match: { path-prefix: /old/ }, strip-prefix: /old, add-prefix: /v2/new, upstream: app }
                  - { match: { regex: "/users/(?P<id>[0-9]+)/(.*)" }, rewrite: "/u/{regex.id}/{regex.2}", upstream: app }
                  - { match: { exact: /search }, rewrite: "/find?{query}&from={client-address}", upstream: app }
                  - { match: { regex: "/j/(.)/(.)" }, rewrite: "/{regex.1}{regex.2}/x", upstream: app }
                """)) {
            assertThat(gateway.get("/api/a/b?c=/api").body()).startsWith("GET /a/b?c=/api\n");
            assertThat(gateway.get("/api").body()).startsWith("GET /\n");
            assertThat(gateway.get("/api?x").body()).startsWith("GET /?x\n");
            assertThat(gateway.get("/%61pi/%61%2F").body()).startsWith("GET /a%2F\n");
            assertThat(gateway.get("/old/x").body()).startsWith("GET /v2/new/x\n");
            assertThat(gateway.get("/users/42/a/b?q").body()).startsWith("GET /u/42/a/b?q\n");
            assertThat(gateway.get("/search?q=1").body()).startsWith("GET /find?q=1&from=127.0.0.1\n");
            assertThat(gateway.get("/j/a/b").body()).startsWith("GET /ab/x\n");
        }
    }

    @Test
    void aRewriteThatMakesADotSegmentIsRefused() throws Exception {
        try (TestGateway gateway = start("""
                routes:
                  - { match: { regex: "/j/(.*),(.*)" }, rewrite: "/a/{regex.1}{regex.2}/secret", upstream: app }
                """)) {
            assertThat(gateway.get("/j/x,y").status()).isEqualTo(200);
            Answer refused = gateway.get("/j/.,.");
            assertThat(refused.status()).isEqualTo(400);
            assertThat(refused.body()).contains("cannot be rewritten");
        }
    }

    @Test
    void fieldsAreEditedBothWays() throws Exception {
        try (TestGateway gateway = start("""
                routes:
                  - match: { regex: "/t/([a-z]+)" }
                    upstream: app
                    upstream-host: "app.internal:8080"
                    request-headers:
                      set: { X-Tenant: "{regex.1}", X-Who: "{client-address} {scheme} {method} {host} {authority} {path} {query} {uri}" }
                      add: { X-More: "{header.x-in}|{query.a}|{cookie.c}|{header.none}" }
                      remove: [X-In, Cookie]
                    response-headers:
                      set: { X-Peer: "via {peer}", X-Braces: "{{}}" }
                      add: { Vary: X-Tenant }
                      remove: [X-Origin]
                """)) {
            Answer answer =
                    gateway.get("/t/red?a=%20b", "Host: Shop.example.com:81", "X-In: in", "Cookie: c=d", "X-Who: me");
            assertThat(answer.body())
                    .contains("\nHost: app.internal:8080\n")
                    .contains("\nX-tenant: red\n")
                    .contains(
                            "\nX-who: 127.0.0.1 http GET shop.example.com Shop.example.com:81 /t/red a=%20b /t/red?a=%20b\n")
                    .contains("\nX-more: in|%20b|d|\n")
                    .doesNotContain("X-in:")
                    .doesNotContain("Cookie:");
            assertThat(answer.field("X-Peer")).startsWith("via 127.0.0.1:");
            assertThat(answer.field("X-Braces")).isEqualTo("{}");
            assertThat(answer.field("Vary")).isEqualTo("X-Tenant");
            assertThat(answer.field("X-Origin")).isNull();
        }
    }

    @Test
    void theHostOfTheClientIsSentUnlessTheRouteSaysOtherwise() throws Exception {
        try (TestGateway gateway = start("""
                routes:
                  - { match: { path-prefix: /a }, upstream: app }
                  - { match: { path-prefix: /b }, upstream: app, upstream-host: "{peer}" }
                """)) {
            assertThat(gateway.get("/a").body()).contains("\nHost: example.com\n");
            assertThat(gateway.get("/b").body()).contains("\nHost: 127.0.0.1:");
        }
    }

    @Test
    void redirectsHaveVariables() throws Exception {
        try (TestGateway gateway = start("""
                routes:
                  - { match: {}, redirect: { to: "https://{host}{uri}", status: 308 } }
                  - { match: { regex: "/old/(.*)" }, redirect: { to: "/new/{regex.1}" } }
                  - { match: { regex: "/+dir/.*" }, redirect: { to: "{path}/", status: 301 } }
                """)) {
            Answer answer = gateway.get("/a?b", "Host: www.example.com:8080");
            assertThat(answer.status()).isEqualTo(308);
            assertThat(answer.field("Location")).isEqualTo("https://www.example.com/a?b");
            assertThat(gateway.raw("GET /a HTTP/1.0\r\n\r\n").status())
                    .as("no Host")
                    .isEqualTo(400);
            assertThat(gateway.get("/old/x").status()).isEqualTo(302);
            assertThat(gateway.get("/old/x").field("Location")).isEqualTo("/new/x");
            assertThat(gateway.get("//dir/evil.example").field("Location"))
                    .as("no path makes another host")
                    .isEqualTo("/dir/evil.example/");
        }
    }

    @Test
    void aFixedResponseIsAsWritten() throws Exception {
        try (TestGateway gateway = start("""
                routes:
                  - match: {}
                    respond: { status: 418, content-type: application/json, body: '{"a": 1}' }
                    response-headers: { set: { X-By: lawu } }
                    error-pages: { pages: { 4xx: { body: page } } }
                """)) {
            Answer answer = gateway.get("/");
            assertThat(answer.status()).isEqualTo(418);
            assertThat(answer.field("Content-Type")).isEqualTo("application/json");
            assertThat(answer.field("X-By")).isEqualTo("lawu");
            assertThat(answer.body()).isEqualTo("{\"a\": 1}");
            assertThat(gateway.send("HEAD", "/", "").body()).isEmpty();
        }
        try (TestGateway gateway = start("""
                routes:
                  - match: {}
                    respond: { status: 418 }
                    clients: { deny: [127.0.0.0/8] }
                    error-pages: { pages: { 4xx: { body: page } } }
                """)) {
            Answer answer = gateway.get("/");
            assertThat(answer.status()).isEqualTo(403);
            assertThat(answer.body())
                    .as("what comes before the response is no fixed response")
                    .isEqualTo("page");
        }
    }

    @Test
    void errorPagesStandInForErrorTexts() throws Exception {
        Files.writeString(directory.resolve("404.html"), "<p>not here</p>");
        int closed;
        try (ServerSocket socket = new ServerSocket(0)) {
            closed = socket.getLocalPort();
        }
        try (TestGateway gateway = new TestGateway(directory, """
                upstreams: { app: { peers: ["ORIGIN"] }, gone: { peers: ["127.0.0.1:%d"] } }
                route-defaults:
                  response-headers: { set: { X-By: lawu } }
                  error-pages: { pages: { 404: { file: 404.html }, 5xx: { body: sorry, content-type: text/plain } } }
                routes:
                  - { match: { path-prefix: /gone }, upstream: gone }
                  - { match: { path-prefix: /own }, strip-prefix: /own, upstream: app }
                  - match: { path-prefix: /all }
                    strip-prefix: /all
                    upstream: app
                    error-pages: { upstream: true, pages: { 503: { body: busy } } }
                """.formatted(closed))) {
            Answer none = gateway.get("/none");
            assertThat(none.status()).isEqualTo(404);
            assertThat(none.body()).isEqualTo("<p>not here</p>");
            assertThat(none.field("Content-Type")).isEqualTo("text/html; charset=utf-8");
            assertThat(none.field("X-By")).isEqualTo("lawu");
            Answer gone = gateway.get("/gone");
            assertThat(gone.status()).isEqualTo(502);
            assertThat(gone.body()).isEqualTo("sorry");
            assertThat(gateway.get("/own/status/404").body())
                    .as("an upstream's own")
                    .startsWith("GET /status/404");
            Answer busy = gateway.get("/all/status/503");
            assertThat(busy.status()).isEqualTo(503);
            assertThat(busy.body()).isEqualTo("busy");
            assertThat(busy.field("Retry-After")).isEqualTo("7");
            assertThat(busy.field("X-Origin")).isNull();
            assertThat(gateway.get("/all/status/500").body()).startsWith("GET /status/500");
        }
    }

    @Test
    void trafficIsSplitByWeight() throws Exception {
        try (TestGateway gateway = start("""
                routes:
                  - match: {}
                    split: [{ upstream: app, weight: 3 }, { upstream: other }]
                  - match: { exact: /all }
                    split: [{ upstream: app, weight: 0 }, { upstream: other, weight: 1 }]
                """)) {
            TreeMap<String, Integer> counts = new TreeMap<>();
            for (int i = 0; i < 100; i++) {
                counts.merge(gateway.get("/").field("X-Origin"), 1, Integer::sum);
            }
            // 75 of 100 are expected; fewer than 45 or all have a chance of less than 1e-9.
            assertThat(counts.get("ORIGIN")).isBetween(45, 99);
            assertThat(counts.get("SECOND")).isBetween(1, 55);
            for (int i = 0; i < 10; i++) {
                assertThat(gateway.get("/all").field("X-Origin")).isEqualTo("SECOND");
            }
        }
    }

    @Test
    void aBodyThatIsTooLongIsRefusedWhetherItsLengthIsToldOrNot() throws Exception {
        try (TestGateway gateway = start("""
                route-defaults: { max-body: 10 }
                routes:
                  - { match: {}, upstream: app }
                  - { match: { exact: /free }, upstream: app, max-body: none }
                """)) {
            assertThat(gateway.send("POST", "/", "0123456789").body()).contains("body: 10\n");
            assertThat(gateway.send("POST", "/", "01234567890").status()).isEqualTo(413);
            assertThat(gateway.send("POST", "/free", "01234567890").body()).contains("body: 11\n");
            String chunked = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
            assertThat(gateway.raw(chunked + "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n")
                            .body())
                    .contains("body: 10\n");
            assertThat(gateway.raw(chunked + "5\r\n01234\r\n6\r\n567890\r\n0\r\n\r\n")
                            .status())
                    .isEqualTo(413);
        }
    }

    @Test
    void aRouteHasTimeoutsAndRetriesOfItsOwn() throws Exception {
        try (ServerSocket silent = new ServerSocket(0)) {
            try (TestGateway gateway = new TestGateway(directory, """
                    upstreams: { silent: { peers: ["127.0.0.1:%d"] }, gone: { peers: ["127.0.0.1:1", "ORIGIN"] } }
                    routes:
                      - { match: { path-prefix: /silent }, upstream: silent, timeouts: { response-head: 50ms } }
                      - { match: { path-prefix: /once }, upstream: gone, retries: { max-attempts: 1 } }
                      - { match: { path-prefix: /twice }, upstream: gone, retries: { max-attempts: 2, delay: 1ms } }
                    """.formatted(silent.getLocalPort()))) {
                assertThat(gateway.get("/silent").status()).isEqualTo(504);
                // The peers take turns, so one of two requests begins at the one that is not there.
                assertThat(gateway.get("/once").status() + gateway.get("/once").status())
                        .isEqualTo(502 + 200);
                assertThat(gateway.get("/twice").status()
                                + gateway.get("/twice").status())
                        .isEqualTo(200 + 200);
            }
        }
    }
}
