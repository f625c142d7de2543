package dev.lawu.examples.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.examples.gateway.TestGateway.Answer;
import dev.lawu.examples.gateway.filter.PasswordHash;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may enter, and what browsers are told. */
class FiltersEndToEndTest {
    private static final String UPSTREAM = "upstreams: { app: { peers: [\"ORIGIN\"] } }\n";

    @TempDir
    private Path directory;

    private TestGateway start(String routes) throws Exception {
        return new TestGateway(directory, UPSTREAM + routes);
    }

    @Test
    void addressesAreLetInOrNot() throws Exception {
        try (TestGateway gateway = start("""
                trusted-proxies: [127.0.0.1]
                route-defaults: { clients: { allow: [10.0.0.0/8], deny: [10.6.6.6] } }
                routes:
                  - { match: {}, upstream: app }
                  - { match: { exact: /open }, upstream: app, clients: {} }
                """)) {
            assertThat(gateway.get("/").status()).isEqualTo(403);
            assertThat(gateway.get("/", "X-Forwarded-For: 10.1.1.1").status()).isEqualTo(200);
            assertThat(gateway.get("/", "X-Forwarded-For: 10.6.6.6").status()).isEqualTo(403);
            assertThat(gateway.get("/open").status()).isEqualTo(200);
        }
    }

    @Test
    void anAddressThatAnUntrustedClientClaimsLetsNobodyIn() throws Exception {
        try (TestGateway gateway = start("""
                routes: [{ match: {}, upstream: app, clients: { allow: [10.0.0.0/8] } }]
                """)) {
            assertThat(gateway.get("/", "X-Forwarded-For: 10.1.1.1").status()).isEqualTo(403);
        }
    }

    private static String basic(String credentials) {
        return "Authorization: Basic "
                + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aPasswordIsAskedFor() throws Exception {
        try (TestGateway gateway = start("""
                route-defaults:
                  basic-auth: { realm: 'the "site"', users: { alice: "%s", locked: "!" } }
                routes:
                  - { match: {}, upstream: app }
                  - { match: { path-prefix: /open }, upstream: app, basic-auth: false }
                  - { match: { path-prefix: /fixed }, respond: { body: ok } }
                """.formatted(PasswordHash.of("päss:word")))) {
            Answer asked = gateway.get("/");
            assertThat(asked.status()).isEqualTo(401);
            assertThat(asked.field("WWW-Authenticate"))
                    .isEqualTo("Basic realm=\"the \\\"site\\\"\", charset=\"UTF-8\"");
            for (String wrong : new String[] {
                basic("alice:wrong"),
                basic("bob:päss:word"),
                basic("locked:!"),
                basic("locked:"),
                basic("alice"),
                "Authorization: Basic ***",
                "Authorization: Bearer x"
            }) {
                assertThat(gateway.get("/", wrong).status()).as(wrong).isEqualTo(401);
            }
            for (int i = 0; i < 3; i++) {
                assertThat(gateway.get("/", basic("alice:päss:word")).body()).startsWith("GET /");
            }
            assertThat(gateway.get("/", basic("alice:wrong")).status()).isEqualTo(401);
            assertThat(gateway.get("/fixed", basic("alice:päss:word")).body()).isEqualTo("ok");
            assertThat(gateway.get("/open").status()).isEqualTo(200);
        }
    }

    @Test
    void preflightsAreAnsweredAndResponsesMarked() throws Exception {
        try (TestGateway gateway = start("""
                routes:
                  - match: {}
                    upstream: app
                    basic-auth: { users: {} }
                    cors: { origins: ["https://app.example.com", "https://*.example.org"], methods: [PUT], headers: [X-A], expose: [X-Origin], credentials: true, max-age: 1m }
                  - { match: { exact: /all }, upstream: app, cors: { origins: ["*"], headers: ["*"] } }
                """)) {
            Answer preflight = gateway.send(
                    "OPTIONS",
                    "/",
                    "",
                    "Origin: https://app.example.com",
                    "Access-Control-Request-Method: PUT",
                    "Access-Control-Request-Headers: x-a");
            assertThat(preflight.status()).isEqualTo(204);
            assertThat(preflight.field("Access-Control-Allow-Origin")).isEqualTo("https://app.example.com");
            assertThat(preflight.field("Access-Control-Allow-Methods")).isEqualTo("GET, HEAD, POST, PUT");
            assertThat(preflight.field("Access-Control-Allow-Headers")).isEqualTo("X-A");
            assertThat(preflight.field("Access-Control-Allow-Credentials")).isEqualTo("true");
            assertThat(preflight.field("Access-Control-Max-Age")).isEqualTo("60");
            assertThat(preflight.field("Vary")).contains("Origin");
            for (String origin : new String[] {
                "https://evil.example",
                "http://app.example.com",
                "https://app.example.com.evil",
                "https://example.org",
                "null"
            }) {
                Answer refused =
                        gateway.send("OPTIONS", "/", "", "Origin: " + origin, "Access-Control-Request-Method: PUT");
                assertThat(refused.status()).as(origin).isEqualTo(403);
                assertThat(refused.field("Access-Control-Allow-Origin")).isNull();
            }
            Answer below = gateway.get("/", "Origin: https://a.b.example.org");
            assertThat(below.status()).as("no password").isEqualTo(401);
            assertThat(below.field("Access-Control-Allow-Origin")).isEqualTo("https://a.b.example.org");
            Answer all = gateway.get("/all", "Origin: https://any.example");
            assertThat(all.field("Access-Control-Allow-Origin")).isEqualTo("*");
            assertThat(gateway.get("/all").field("Access-Control-Allow-Origin"))
                    .as("the origin's own is replaced")
                    .isNull();
        }
    }

    @Test
    void securityFieldsAreAddedWhereTheyAreMissing() throws Exception {
        try (TestGateway gateway = start("""
                trusted-proxies: [127.0.0.1]
                route-defaults: { security-headers: true }
                routes:
                  - { match: {}, upstream: app }
                  - match: { exact: /own }
                    upstream: app
                    security-headers: { x-frame-options: DENY, referrer-policy: "off", content-security-policy: "default-src 'self'" }
                  - { match: { exact: /off }, upstream: app, security-headers: false }
                """)) {
            Answer answer = gateway.get("/");
            assertThat(answer.field("X-Content-Type-Options")).isEqualTo("nosniff");
            assertThat(answer.field("X-Frame-Options")).isEqualTo("SAMEORIGIN");
            assertThat(answer.field("Referrer-Policy")).isEqualTo("strict-origin-when-cross-origin");
            assertThat(answer.field("Strict-Transport-Security")).isNull();
            assertThat(gateway.get("/", "X-Forwarded-Proto: https").field("Strict-Transport-Security"))
                    .isEqualTo("max-age=31536000");
            Answer own = gateway.get("/own");
            assertThat(own.field("X-Frame-Options")).isEqualTo("DENY");
            assertThat(own.field("Referrer-Policy")).isNull();
            assertThat(own.field("Content-Security-Policy")).isEqualTo("default-src 'self'");
            assertThat(gateway.get("/off").field("X-Content-Type-Options")).isNull();
        }
    }

    @Test
    void requestsAreNamedAndOnlyTrustedProxiesMayNameThem() throws Exception {
        String routes =
                "request-id: true\nroutes: [{ match: {}, upstream: app, response-headers: { set: { X-Copy: \"{request-id}\" } } }]\n";
        try (TestGateway gateway = start(routes)) {
            Answer answer = gateway.get("/", "X-Request-Id: forged");
            String id = answer.field("X-Request-Id");
            assertThat(id).matches("[0-9a-f]{32}");
            assertThat(answer.field("X-Copy")).isEqualTo(id);
            assertThat(answer.body()).contains("\nX-request-id: " + id + "\n");
            assertThat(gateway.get("/").field("X-Request-Id")).isNotEqualTo(id);
        }
        try (TestGateway gateway = start("trusted-proxies: [127.0.0.1]\n" + routes)) {
            assertThat(gateway.get("/", "X-Request-Id: abc-1").field("X-Request-Id"))
                    .isEqualTo("abc-1");
            assertThat(gateway.get("/", "X-Request-Id: a b").field("X-Request-Id"))
                    .matches("[0-9a-f]{32}");
        }
    }
}
