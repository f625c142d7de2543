package dev.lawu.examples.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The schema for editors says the same as the parser. */
class GatewaySchemaTest {
    private static final Path SAMPLES = Path.of("src/test/resources/gateway");
    private static final String TEXT = resource();
    private static final Schema SCHEMA = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
            .getSchema(TEXT, InputFormat.JSON);

    @TempDir
    private Path directory;

    private static String resource() {
        try (InputStream in = GatewaySchemaTest.class.getResourceAsStream("/gateway.schema.json")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static List<String> complaints(String yaml) {
        return SCHEMA.validate(yaml, InputFormat.YAML).stream()
                .map(Object::toString)
                .toList();
    }

    @Test
    void theSchemaHasTheKeysThatTheParserAsksForAndNoOthers() throws Exception {
        Map<String, Set<String>> asked = new TreeMap<>();
        ConfigReader.readAll(SAMPLES.resolve("everything.yaml"), Map.of())
                .knownKeys()
                .forEach((place, keys) -> asked.put(place, new TreeSet<>(keys)));
        Map<String, Set<String>> described = new TreeMap<>();
        Object root = new Load(LoadSettings.builder().build()).loadFromString(TEXT);
        describe(root, (Map<?, ?>) root, "", described);
        assertThat(described).isEqualTo(asked);
        assertThat(asked)
                .containsKeys("routes[].match.header.*", "route-defaults.cors", "upstreams.*")
                .hasSizeGreaterThan(50);
    }

    private static void describe(Object schema, Map<?, ?> root, String place, Map<String, Set<String>> described) {
        if (!(schema instanceof Map<?, ?> map)) {
            return;
        }
        if (map.get("$ref") instanceof String ref) {
            describe(((Map<?, ?>) root.get("$defs")).get(ref.substring("#/$defs/".length())), root, place, described);
        }
        for (String alternatives : new String[] {"anyOf", "oneOf"}) {
            if (map.get(alternatives) instanceof List<?> list) {
                list.forEach(each -> describe(each, root, place, described));
            }
        }
        describe(map.get("items"), root, place + "[]", described);
        if (map.get("properties") instanceof Map<?, ?> properties) {
            properties.forEach((name, value) -> {
                described.computeIfAbsent(place, key -> new TreeSet<>()).add((String) name);
                describe(value, root, place.isEmpty() ? (String) name : place + "." + name, described);
            });
        }
        if (map.get("additionalProperties") instanceof Map<?, ?> values) {
            described.computeIfAbsent(place, key -> new TreeSet<>()).add("*");
            describe(values, root, place + ".*", described);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"everything.yaml", "smallest.yaml", "references.yaml"})
    void samplesAreValidByBothAndSoIsWhatIsPrintedOfThem(String sample) throws Exception {
        Path file = SAMPLES.resolve(sample);
        assertThat(complaints(Files.readString(file))).isEmpty();
        String printed = ConfigReader.readAll(file, Map.of()).effective();
        assertThat(complaints(printed)).isEmpty();
        Path again = directory.resolve("again.yaml");
        Files.writeString(again, printed);
        assertThat(ConfigReader.readAll(again, Map.of()).effective()).isEqualTo(printed);
        assertThat(printed)
                .doesNotContain("example-secret")
                .doesNotContain("inline-secret")
                .doesNotContain("pbkdf2");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sever: {}",
                "server: { event-loops: 0 }",
                "server: { event-loops: two }",
                "server: []",
                "server:",
                "server: { drain-timeout: 5 }",
                "limits: { max-head: 64kb }",
                "limits: { max-fields: 0 }",
                "timeouts: { keep-alive: 1 min }",
                "trusted-proxies: 10.0.0.0/8",
                "forwarding-fields: x",
                "via: a b",
                "half-close: yes",
                "admin: {}",
                "cache: {}",
                "upstreams: {}",
                "upstreams: { app: {} }",
                "upstreams: { app: { peers: [] } }",
                "upstreams: { app: { peers: [\"127.0.0.1:1\"], protocol: h2 } }",
                "upstreams: { app: { peers: [\"127.0.0.1:1\"], balance: random } }",
                "upstreams: { app: { peers: [\"127.0.0.1:1\"], max-idle: -1 } }",
                "route-defaults: { strip-prefix: /a }",
                "route-defaults: { max-body: -1 }",
                "route-defaults: { cors: {} }",
                "route-defaults: { cors: true }",
                "route-defaults: { cors: { origins: [example.com] } }",
                "route-defaults: { basic-auth: { users: { alice: password } } }",
                "route-defaults: { basic-auth: {} }",
                "route-defaults: { security-headers: { x-frame: DENY } }",
                "route-defaults: { error-pages: { pages: { 200: { body: a } } } }",
                "route-defaults: { error-pages: { pages: { 404: {} } } }",
                "route-defaults: { error-pages: { pages: { 404: { body: a, file: 404.html } } } }",
                "route-defaults: { retries: { max-attempts: 0 } }",
                "route-defaults: { timeouts: { connect: 5 } }",
                "route-defaults: { clients: { allow: 10.0.0.1 } }",
                "route-defaults: { request-headers: { put: { a: b } } }",
                "routes: []",
                "routes: [{ respond: {} }]",
                "routes: [{ match: {} }]",
                "routes: [{ match: {}, respond: {}, redirect: { to: /a } }]",
                "routes: [{ match: {}, redirect: {} }]",
                "routes: [{ match: {}, redirect: { to: /a, status: 304 } }]",
                "routes: [{ match: {}, respond: { status: 600 } }]",
                "routes: [{ match: {}, files: {} }]",
                "routes: [{ match: {}, split: [] }]",
                "routes: [{ match: {}, split: [{ weight: 1 }] }]",
                "routes: [{ match: {}, respond: {}, priority: 1001 }]",
                "routes: [{ match: {}, respond: {}, cache: true }]",
                "routes: [{ match: { path: / }, respond: {} }]",
                "routes: [{ match: { exact: a }, respond: {} }]",
                "routes: [{ match: { exact: /a, regex: /a }, respond: {} }]",
                "routes: [{ match: { method: get }, respond: {} }]",
                "routes: [{ match: { header: { a: {} } }, respond: {} }]",
                "routes: [{ match: { header: { a: { exact: a, prefix: a } } }, respond: {} }]",
                "routes: [{ match: { client: [] }, respond: {} }]",
                "routes: [{ match: { scheme: ftp }, respond: {} }]",
                "listeners: []",
                "listeners: [{}]",
                "listeners: [{ address: \"127.0.0.1:0\", protocols: [h2] }]",
                "listeners: [{ address: \"127.0.0.1:0\", tls: {} }]",
            })
    void mistakesAreInvalidByBoth(String mistake) throws Exception {
        String smallest = Files.readString(SAMPLES.resolve("smallest.yaml"));
        String key = mistake.substring(0, mistake.indexOf(':') + 1);
        StringBuilder yaml = new StringBuilder(mistake + "\n");
        smallest.lines()
                .filter(line -> !line.startsWith(key))
                .forEach(line -> yaml.append(line).append('\n'));
        Path file = directory.resolve("gateway.yaml");
        Files.writeString(directory.resolve("404.html"), "none");
        Files.writeString(file, yaml);
        assertThatThrownBy(() -> ConfigReader.read(file, Map.of())).isInstanceOf(ConfigException.class);
        assertThat(complaints(yaml.toString())).isNotEmpty();
    }
}
