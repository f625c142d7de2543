package dev.lawu.examples.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is said of each mistake. The mistake replaces a line of a valid file, or stands behind it. */
class ConfigProblemTest {
    private static final String[] VALID = {
        "listeners:",
        "  - address: 127.0.0.1:8080",
        "upstreams:",
        "  app: { peers: [\"127.0.0.1:9000\"] }",
        "routes:",
        "  - match: { path-prefix: / }",
        "    upstream: app",
    };

    @TempDir
    private Path directory;

    @ParameterizedTest(name = "line {0}: {1}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                // line | its text | line of the problem | key | found | expected
                "8 | server: | 8 | server | nothing | a mapping",
                "8 | server: 5 | 8 | server | \"5\" | a mapping",
                "8 | server: [] | 8 | server | a list | a mapping",
                "8 | sever: {} | 8 | sever | an unknown key | did you mean \"server\"?",
                "8 | server: { event_loops: 1 } | 8 | server.event_loops | an unknown key | did you mean \"event-loops\"?",
                "8 | server: { event-loops: 0 } | 8 | server.event-loops | \"0\" | a whole number, 1 to 1024",
                "8 | server: { event-loops: two } | 8 | server.event-loops | \"two\" | a whole number, 1 to 1024",
                "8 | server: { event-loops: 99999999999999 } | 8 | server.event-loops | \"99999999999999\" | a whole number, 1 to 1024",
                "8 | server: { event-loops: { a: 1 } } | 8 | server.event-loops | a mapping | a whole number, 1 to 1024",
                "8 | server: { drain-timeout: 25h } | 8 | server.drain-timeout | \"25h\" | 0ms to 24h",
                "8 | server: { drain-timeout: 5 } | 8 | server.drain-timeout | \"5\" | a duration such as 250ms, 5s, 10m or 1h",
                "8 | server: { backlog: 1, backlog: 2 } | 8 | server.backlog | the key again | it once; it is on line 8",
                "8 | limits: { max-head: 2MiB } | 8 | limits.max-head | \"2MiB\" | a size such as 512, 64KiB or 1MiB, 256B to 1MiB",
                "8 | limits: { max-head: 64kb } | 8 | limits.max-head | \"64kb\" | a size such as 512, 64KiB or 1MiB",
                "8 | limits: { max-heads: 1 } | 8 | limits.max-heads | an unknown key | did you mean \"max-head\"?",
                "8 | timeouts: { keep-alive: 0s } | 8 | timeouts.keep-alive | \"0s\" | 1ms to 24h",
                "8 | timeouts: { keepalive: 1s } | 8 | timeouts.keepalive | an unknown key | did you mean \"keep-alive\"?",
                "8 | trusted-proxies: 10.0.0.0/8 | 8 | trusted-proxies | \"10.0.0.0/8\" | a list of addresses and networks",
                "8 | trusted-proxies: [10.0.0.0/8, 10.0.0.0/33] | 8 | trusted-proxies[1] | \"10.0.0.0/33\" | a network such as 10.0.0.0/8",
                "8 | trusted-proxies: [proxy.example.com] | 8 | trusted-proxies[0] | \"proxy.example.com\" | an address or a network",
                "8 | allow-connect: yes | 8 | allow-connect | \"yes\" | one of true, false",
                "8 | forwarding-fields: xforwarded | 8 | forwarding-fields | \"xforwarded\" | did you mean \"x-forwarded\"?",
                "8 | via: a b | 8 | via | \"a b\" | a name such as lawu",
                "8 | upgrades: [h2c] | 8 | upgrades[0] | \"h2c\" | a protocol that can be tunnelled",
                "8 | via: ${NONE} | 8 | via | ${NONE}, which is not set | the name of an environment variable",
                "8 | via: ${NONE | 8 | via | \"${NONE\" | a \"}\" behind \"${\"",
                "8 | via: ${file:none} | 8 | via | ${file:none}, which is not a readable file | relative to the directory of",
                "8 | <<: {} | 8 | \"<<\" | an unknown key | one of include, server, listeners",
                // Not built yet.
                "8 | admin: { address: \"127.0.0.1:9901\" } | 8 | admin | \"admin\", which is not built yet | no admin address",
                "8 | cache: { max-size: 256MiB } | 8 | cache | \"cache\", which is not built yet | no cache",
                "2 | '  - { address: \"127.0.0.1:1\", protocols: [h2c] }' | 2 | listeners[0].protocols[0] | \"h2c\", which is not built yet | http/1.1",
                "2 | '  - { address: \"127.0.0.1:1\", protocols: [h3] }' | 2 | listeners[0].protocols[0] | \"h3\", which is not built yet | http/1.1",
                "2 | '  - { address: \"127.0.0.1:1\", tls: {} }' | 2 | listeners[0].tls | \"tls\", which is not built yet | end TLS in front of the gateway",
                "2 | '  - { address: \"unix:/run/x\" }' | 2 | listeners[0].address | Unix-domain sockets are not built yet | HOST:PORT",
                "4 | '  app: { peers: [\"127.0.0.1:1\"], protocol: h2 }' | 4 | upstreams.app.protocol | \"h2\", which is not built yet | http/1.1",
                "4 | '  app: { peers: [\"127.0.0.1:1\"], tls: {} }' | 4 | upstreams.app.tls | \"tls\", which is not built yet | an upstream without TLS",
                "4 | '  app: { peers: [\"127.0.0.1:1\"], balance: least-conn }' | 4 | upstreams.app.balance | \"least-conn\", which is not built yet | round-robin",
                "4 | '  app: { peers: [\"unix:/run/x\"] }' | 4 | upstreams.app.peers[0] | Unix-domain sockets are not built yet | HOST:PORT",
                "8 | '    cache: true' | 8 | routes[0].cache | \"cache\", which is not built yet | no cache",
                // What routes match.
                "6 | '  - match: { regex: \"(\" }' | 6 | routes[0].match.regex | \"(\": missing closing ) | a regular expression in RE2 syntax",
                "6 | '  - match: { regex: /a, exact: /a }' | 6 | routes[0].match.exact | exact and regex together | one of them",
                "6 | '  - match: { method: get }' | 6 | routes[0].match.method | \"get\" | a method such as GET, in capitals",
                "6 | '  - match: { method: [] }' | 6 | routes[0].match.method | an empty list | a list of methods",
                "6 | '  - match: { header: { \"a b\": c } }' | 6 | routes[0].match.header.\"a b\" | \"a b\" | the name of a header",
                "6 | '  - match: { header: { a: { suffix: c } } }' | 6 | routes[0].match.header.a.suffix | an unknown key | one of exact, prefix, regex, present",
                "6 | '  - match: { query: { a: [b] } }' | 6 | routes[0].match.query.a | a list | a text, or one of { exact: TEXT }",
                "6 | '  - match: { cookie: { a: { regex: \"[\" } } }' | 6 | routes[0].match.cookie.a.regex | missing closing ] | RE2 syntax",
                "6 | '  - match: { client: [localhost] }' | 6 | routes[0].match.client[0] | \"localhost\" | an address or a network",
                "6 | '  - match: { client: [] }' | 6 | routes[0].match.client | no address | a list of addresses and networks",
                "6 | '  - match: { scheme: ftp }' | 6 | routes[0].match.scheme | \"ftp\" | one of http, https",
                // What routes do.
                "8 | '    priority: 2000' | 8 | routes[0].priority | \"2000\" | a whole number, -1000 to 1000",
                "8 | '    redirect: { to: / }' | 8 | routes[0].redirect | upstream and redirect together | one of upstream, split",
                "7 | '    split: [{ upstream: app, weight: 0 }]' | 7 | routes[0].split | weights that are all 0 | one that is more",
                "7 | '    split: [{ upstream: aap }]' | 7 | routes[0].split[0].upstream | \"aap\" | one of the upstreams: app",
                "7 | '    redirect: { to: \"https://{hots}/\" }' | 7 | routes[0].redirect.to | the variable {hots}, which is not known | one of client-address, scheme, host",
                "7 | '    redirect: { to: \"/{regex.1}\" }' | 7 | routes[0].redirect.to | the variable {regex.1} without a regular expression | match.regex in the same route",
                "7 | '    redirect: { to: \"/{host\" }' | 7 | routes[0].redirect.to | a \"{\" without its counterpart | \"{{\" for a literal \"{\"",
                "7 | '    redirect: { to: /, status: 304 }' | 7 | routes[0].redirect.status | \"304\" | one of 301, 302, 303, 307, 308",
                "7 | '    respond: { status: 99 }' | 7 | routes[0].respond.status | \"99\" | a whole number, 200 to 599",
                "7 | '    respond: { content-type: text }' | 7 | routes[0].respond.content-type | \"text\" | a content type such as application/json",
                "7 | '    files: { root: none }' | 7 | routes[0].files.root | \"none\" | a directory, relative to that of the file; there is none",
                "7 | '    files: { root: ., index: [a/b] }' | 7 | routes[0].files.index | a name with a slash, or none | names such as index.html",
                "7 | '    files: { root: ., fallback: ../x }' | 7 | routes[0].files.fallback | \"../x\" | a file below root",
                "8 | '    strip-prefix: /a' | 8 | routes[0].strip-prefix | \"/a\" | whole segments that all paths of the route begin with; it matches prefix /",
                "8 | '    rewrite: a' | 8 | routes[0].rewrite | \"a\" | beginning with a slash or a variable",
                "8 | '    upstream-host: a b' | 8 | routes[0].upstream-host | \"a b\" | a host such as app.internal",
                "8 | '    request-headers: { set: { Connection: close } }' | 8 | routes[0].request-headers.set.Connection | \"Connection\" | not of one that frames messages",
                "8 | '    response-headers: { remove: [Content-Length] }' | 8 | routes[0].response-headers.remove[0] | \"Content-Length\" | not of one that frames messages",
                "8 | '    response-headers: { set: { A: \"x\\ny\" } }' | 8 | routes[0].response-headers.set.A | \"x\\x0ay\" | in visible characters",
                "8 | '    error-pages: { pages: { 200: { body: a } } }' | 8 | routes[0].error-pages.pages.200 | \"200\" | a status from 400 to 599, 4xx or 5xx",
                "8 | '    error-pages: { pages: { 404: { file: none } } }' | 8 | routes[0].error-pages.pages.404.file | \"none\" | a readable file of at most 1 MiB",
                "8 | '    error-pages: { pages: { 404: {} } }' | 8 | routes[0].error-pages.pages.404 | neither file nor body | a page such as",
                "8 | '    max-body: 1MB' | 8 | routes[0].max-body | \"1MB\" | a size such as 512, 64KiB or 1MiB",
                "8 | '    retries: { max-attempts: 0 }' | 8 | routes[0].retries.max-attempts | \"0\" | a whole number, 1 to 100",
                "8 | '    retries: { delay: 2m }' | 8 | routes[0].retries.delay | \"2m\" | 0ms to 1m",
                "8 | '    timeouts: { response-head-timeout: 1s }' | 8 | routes[0].timeouts.response-head-timeout | an unknown key | one of connect, response-head",
                "8 | '    clients: { allow: [] }' | 8 | routes[0].clients.allow | no address that is allowed | leave allow out to allow all",
                "8 | '    cors: { origins: [example.com] }' | 8 | routes[0].cors.origins[0] | \"example.com\" | an origin in lower case such as https://app.example.com",
                "8 | '    cors: { origins: [\"*\"], credentials: true }' | 8 | routes[0].cors | credentials for every origin | origins by name",
                "8 | '    basic-auth: { users: { alice: hunter2 } }' | 8 | routes[0].basic-auth.users.alice | a text that is not shown | pbkdf2-sha256$ITERATIONS$SALT$HASH",
                "8 | '    security-headers: maybe' | 8 | routes[0].security-headers | \"maybe\" | one of true, false",
                "8 | 'route-defaults: { strip-prefix: /a }' | 8 | route-defaults.strip-prefix | an unknown key | one of upstream-host, request-headers",
                "8 | 'include: none.yaml' | 8 | include | \"none.yaml\" | a file that can be read",
                // Listeners, upstreams and routes.
                "2 | '  - address: 8080' | 2 | listeners[0].address | \"8080\" | HOST:PORT",
                "2 | '  - address: :8080' | 2 | listeners[0].address | \":8080\" | 0.0.0.0:80 for every IPv4 address",
                "2 | '  - address: 127.0.0.1:65536' | 2 | listeners[0].address | \"127.0.0.1:65536\" | HOST:PORT",
                "2 | '  - address: \"::1:8080\"' | 2 | listeners[0].address | \"::1:8080\" | HOST:PORT",
                "2 | '  - 127.0.0.1:8080' | 2 | listeners[0] | \"127.0.0.1:8080\" | a listener such as",
                "2 | '  - protocols: []' | 2 | listeners[0].address | nothing | HOST:PORT",
                "2 | '  - { address: \"127.0.0.1:1\", protocols: [http/2] }' | 2 | listeners[0].protocols[0] | \"http/2\" | http/1.1",
                "2 | '  - { address: \"127.0.0.1:1\", port: 1 }' | 2 | listeners[0].port | an unknown key | one of address, protocols",
                "4 | '  app: {}' | 4 | upstreams.app.peers | nothing | a list of peers",
                "4 | '  app: { peers: [] }' | 4 | upstreams.app.peers | an empty list | a list of peers",
                "4 | '  app: { peers: [localhost] }' | 4 | upstreams.app.peers[0] | \"localhost\" | HOST:PORT",
                "4 | '  app: { peers: [\"http://localhost:1\"] }' | 4 | upstreams.app.peers[0] | \"http://localhost:1\" | without a scheme",
                "4 | '  app: { peers: [\"127.0.0.1:0\"] }' | 4 | upstreams.app.peers[0] | \"127.0.0.1:0\" | HOST:PORT",
                "4 | '  app: { peers: [\"127.0.0.1:1\"], max-idle: -1 }' | 4 | upstreams.app.max-idle | \"-1\" | a whole number, 0 to 65536",
                "4 | '  app: { peers: [\"127.0.0.1:1\"], timeout: 1s }' | 4 | upstreams.app.timeout | an unknown key | one of peers, protocol",
                "6 | '  - match: { path-prefix: api }' | 6 | routes[0].match.path-prefix | \"api\" | a path such as /api",
                "6 | '  - match: { path-prefix: /a/../b }' | 6 | routes[0].match.path-prefix | \"/a/../b\" | without query, fragment or dot segments",
                "6 | '  - match: { exact: /a?b }' | 6 | routes[0].match.exact | \"/a?b\" | without query, fragment or dot segments",
                "6 | '  - match: { exact: /a, path-prefix: /b }' | 6 | routes[0].match.exact | exact and path-prefix together | one of them",
                "6 | '  - match: { path: /a }' | 6 | routes[0].match.path | an unknown key | one of host, exact, path-prefix",
                "6 | '  - match: { host: \"*\" }' | 6 | routes[0].match.host | \"*\" | *.example.com for all below it",
                "6 | '  - match: { host: \"a.*.com\" }' | 6 | routes[0].match.host | \"a.*.com\" | *.example.com for all below it",
                "6 | '  - match: { host: \"a.com:80\" }' | 6 | routes[0].match.host | \"a.com:80\" | ports are not matched",
                "6 | '  - match: /' | 6 | routes[0].match | \"/\" | what to match",
                "7 | '    upstream: apq' | 7 | routes[0].upstream | \"apq\" | one of the upstreams: app",
                "7 | '    upstreams: app' | 6 | routes[0].upstream | nothing | one of upstream, split, redirect, respond, files",
                "8 | '  - { match: { path-prefix: / }, upstream: app }' | 8 | routes[1].match | the same match again | it is on line 6",
            })
    void isToldWithLineKeyFoundAndExpected(
            int line, String text, int problemLine, String key, String found, String expected) throws Exception {
        String replacement = text.startsWith("'") ? text.substring(1, text.length() - 1) : text;
        StringBuilder yaml = new StringBuilder();
        for (int i = 1; i <= VALID.length; i++) {
            yaml.append(i == line ? replacement : VALID[i - 1]).append('\n');
        }
        if (line > VALID.length) {
            yaml.append(replacement).append('\n');
        }
        Path file = directory.resolve("gateway.yaml");
        Files.writeString(file, yaml);
        ConfigException e = catchThrowableOfType(ConfigException.class, () -> ConfigReader.read(file, Map.of()));
        assertThat(e.problems()).anySatisfy(problem -> {
            assertThat(problem.file()).isEqualTo(file);
            assertThat(problem.line()).isEqualTo(problemLine);
            assertThat(problem.key()).isEqualTo(key);
            assertThat(problem.found()).contains(found);
            assertThat(problem.expected()).contains(expected);
        });
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "# nothing | 1 | an empty file",
                "- a | 1 | a list",
                "text | 1 | \"text\"",
                "a: [ | 2 | text that is no YAML",
                "a: b: c | 1 | text that is no YAML",
                "a: *b | 1 | text that is no YAML",
                "a: &b [*b] | 1 | an unknown key",
            })
    void isToldOfTheWholeFile(String text, int line, String found) throws Exception {
        Path file = directory.resolve("gateway.yaml");
        Files.writeString(file, text + "\n");
        ConfigException e = catchThrowableOfType(ConfigException.class, () -> ConfigReader.read(file, Map.of()));
        assertThat(e.problems()).anySatisfy(problem -> {
            assertThat(problem.line()).isEqualTo(line);
            assertThat(problem.found()).contains(found);
        });
    }
}
