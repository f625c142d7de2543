package dev.lawu.examples.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lawu.examples.gateway.proxy.GatewayConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One gateway in several files. */
class IncludeTest {
    @TempDir
    private Path directory;

    private Path write(String name, String text) throws Exception {
        Path file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        return file;
    }

    private String messages(Path file) {
        ConfigException e = catchThrowableOfType(ConfigException.class, () -> ConfigReader.read(file, Map.of()));
        return e == null ? "none" : e.getMessage().replace(directory + "/", "");
    }

    @Test
    void filesAreJoinedInOrderAndPathsAreRelativeToTheirOwnFile() throws Exception {
        Path main = write("gateway.yaml", """
                include: [upstreams.yaml, routes/*.yaml]
                routes: [{ match: { exact: /main }, upstream: app }]
                """);
        write("upstreams.yaml", "include: more/b.yaml\nupstreams: { app: { peers: [\"127.0.0.1:1\"] } }\n");
        write("more/b.yaml", "listeners: [{ address: \"127.0.0.1:0\" }]\nvia: ${file:name}\n");
        write("more/name", "edge\n");
        write("routes/2.yaml", "routes: [{ match: { exact: /2 }, upstream: app }]");
        write("routes/1.yaml", "routes: [{ match: { exact: /1 }, files: { root: site } }]");
        Files.createDirectories(directory.resolve("routes/site"));
        write("routes/3.txt", "not: read");
        GatewayConfig config = ConfigReader.read(main, Map.of());
        assertThat(config.listeners()).hasSize(1);
        assertThat(config.options().via()).isEqualTo("edge");
        assertThat(config.routes())
                .extracting(route -> route.match().path().text())
                .containsExactly("/main", "/1", "/2");
        assertThat(ConfigReader.readAll(main, Map.of()).effective())
                .contains("root: " + directory.resolve("routes/site"))
                .contains("via: ${file:" + directory.resolve("more/name") + "}")
                .doesNotContain("include");
    }

    @Test
    void aProblemNamesItsFile() throws Exception {
        Path main = write("gateway.yaml", """
                listeners: [{ address: "127.0.0.1:0" }]
                include: [a.yaml, none.yaml, a.yaml]
                via: x
                upstreams: { app: { peers: ["127.0.0.1:1"] } }
                routes:
                  - { match: {}, upstream: ap }
                """);
        write("a.yaml", """
                via: y
                upstreams:
                  app: { peers: [] }
                routes:
                  - match: {}
                    upstream: app
                  - match: { exact: / }
                    rewrite: "{x}"
                    upstream: app
                """);
        assertThat(messages(main).lines())
                .containsExactly(
                        "gateway.yaml:2: include[1]: found \"none.yaml\" (expected: a file that can be read; its path is relative to the directory of gateway.yaml)",
                        "gateway.yaml:2: include[2]: found a.yaml again (expected: each file once)",
                        "gateway.yaml:6: routes[0].upstream: found \"ap\" (expected: one of the upstreams: app; did you mean \"app\"?)",
                        "a.yaml:1: via: found the key again (expected: it once; it is in gateway.yaml on line 3)",
                        "a.yaml:3: upstreams.app: found the key again (expected: it once; it is in gateway.yaml on line 4)",
                        "a.yaml:5: routes[1].match: found the same match again (expected: each once; it is in gateway.yaml on line 6)",
                        "a.yaml:8: routes[2].rewrite: found the variable {x}, which is not known (expected: one of client-address, scheme, host, authority, method, path, query, uri, request-id, peer, regex.GROUP, header.NAME, query.NAME, cookie.NAME)");
    }

    @Test
    void aCircleEnds() throws Exception {
        Path main = write("gateway.yaml", "include: a.yaml\n");
        write("a.yaml", "include: gateway.yaml\n");
        assertThat(messages(main)).contains("a.yaml:1: include: found gateway.yaml again (expected: each file once)");
    }

    @Test
    void filesInsideOfEachOtherAreLimited() throws Exception {
        Path main = write("0.yaml", "include: 1.yaml\n");
        for (int i = 1; i < 12; i++) {
            write(i + ".yaml", "include: " + (i + 1) + ".yaml\n");
        }
        assertThat(messages(main))
                .contains(
                        "8.yaml:1: include: found an include inside of 8 (expected: at most 8 inside of each other, and 10000 files)");
    }
}
