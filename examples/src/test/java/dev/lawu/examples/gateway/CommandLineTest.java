package dev.lawu.examples.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.examples.gateway.filter.PasswordHash;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommandLineTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    private Path directory;

    private int run(String... arguments) throws InterruptedException {
        return Gateway.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                Map.of(),
                arguments);
    }

    @Test
    void helpAndVersionGoToStandardOutput() throws Exception {
        assertThat(run("--help")).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo(CommandLine.USAGE);
        out.reset();
        assertThat(run("--version")).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).startsWith("gateway ");
        assertThat(err.size()).isZero();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--confg x           | unknown option: \"--confg\" | did you mean \"--config\"?",
                "file.yaml           | unknown argument: \"file.yaml\" | expected: one of --config",
                "--config            | --config: found nothing | expected: a file",
                "--validate          | --validate: found no file | expected: --config FILE",
                "--port 65536        | --port: \"65536\" | expected: 0..65535",
                "--port=x            | --port: \"x\" | expected: 0..65535",
                "--validate=yes      | --validate: found a value | expected: none",
                "--config x --port 1 | --port: found with --config | listeners[0].address",
                "--print-config      | --print-config: found no file | expected: --config FILE",
                "--validate --print-config --config x | --print-config: found with --validate | expected: one of them",
                "--config x --explain GET | --explain: found too little | expected: METHOD URL",
                "--config x --client 10.0.0.1 | --client: found without --explain | expected: both",
            })
    void aWrongCommandLineExitsWith2(String arguments, String found, String expected) throws Exception {
        assertThat(run(arguments.split(" "))).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .startsWith("gateway: ")
                .contains(found, expected, CommandLine.USAGE);
        assertThat(out.size()).isZero();
    }

    @Test
    void validateExitsWith0Or1() throws Exception {
        Path file = directory.resolve("gateway.yaml");
        Files.writeString(file, """
                listeners: [{ address: "127.0.0.1:0" }]
                upstreams: { app: { peers: ["127.0.0.1:9000"] } }
                routes: [{ match: { path-prefix: / }, upstream: app }]
                """);
        assertThat(run("--validate", "--config=" + file)).isZero();
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("is valid");

        err.reset();
        Files.writeString(file, "listeners: 1\nupstreams: 2\nroutes: 3\n");
        assertThat(run("--config", file.toString(), "--validate")).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .contains(file + ":1: listeners: found \"1\"", file + ":3: routes: found \"3\"", "3 problems");

        err.reset();
        assertThat(run("--config", directory.resolve("none").toString())).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("there is no such file");
    }

    private Path routes() throws Exception {
        Path file = directory.resolve("gateway.yaml");
        Files.writeString(file, """
                listeners: [{ address: "127.0.0.1:0" }]
                routes:
                  - { match: {}, respond: { body: all } }
                  - { match: { host: a.example.com, path-prefix: /x, method: POST }, respond: { body: post } }
                  - { match: { path-prefix: /x, header: { x-a: b }, client: [10.0.0.0/8] }, respond: { body: a } }
                """);
        return file;
    }

    @Test
    void explainTellsTheRouteAndWhy() throws Exception {
        Path file = routes();
        assertThat(run(
                        "--config",
                        file.toString(),
                        "--explain",
                        "GET",
                        "http://a.example.com/x/y?z",
                        "--header",
                        "X-A: b",
                        "--client=10.1.2.3"))
                .isZero();
        assertThat(out.toString(StandardCharsets.UTF_8).replace(file.toString(), "FILE"))
                .startsWith("""
                        1. FILE:4: routes[1]: host a.example.com, prefix /x, method POST: not met: method POST
                        2. FILE:5: routes[2]: any host, prefix /x, header x-a "b", client 10.0.0.0/8: TAKEN
                        3. FILE:3: routes[0]: any host, prefix /: less specific
                        """)
                .contains("Routes are tried by priority; then host");
        out.reset();
        assertThat(run("--config", file.toString(), "--explain", "GET", "/a/../b"))
                .isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).startsWith("400: ");
    }

    @Test
    void whatIsNoRequestCannotBeExplained() throws Exception {
        Path file = routes();
        for (String[] wrong : new String[][] {
            {"GET", "http://a b/"}, {"G T", "/"}, {"GET", "/", "--header", "x"}, {"GET", "/", "--client", "localhost"}
        }) {
            err.reset();
            String[] arguments = new String[3 + wrong.length];
            arguments[0] = "--config";
            arguments[1] = file.toString();
            arguments[2] = "--explain";
            System.arraycopy(wrong, 0, arguments, 3, wrong.length);
            assertThat(run(arguments)).isEqualTo(2);
            assertThat(err.toString(StandardCharsets.UTF_8))
                    .startsWith("gateway: ")
                    .contains("expected: ");
        }
    }

    @Test
    void aPasswordIsReadFromStandardInputAndItsHashLetsItIn() throws Exception {
        InputStream before = System.in;
        try {
            System.setIn(new ByteArrayInputStream("hunter2\n".getBytes(StandardCharsets.UTF_8)));
            assertThat(run("--hash-password")).isZero();
            System.setIn(new ByteArrayInputStream(new byte[0]));
            assertThat(run("--hash-password")).isEqualTo(1);
        } finally {
            System.setIn(before);
        }
        String hash = out.toString(StandardCharsets.UTF_8).trim();
        assertThat(hash).matches("pbkdf2-sha256\\$600000\\$[A-Za-z0-9+/]{22}==\\$[A-Za-z0-9+/]{43}=");
        assertThat(PasswordHash.parse(hash)).isNotNull();
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("found nothing");
    }

    @Test
    void printConfigPrintsAFile() throws Exception {
        assertThat(run("--config", routes().toString(), "--print-config")).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).startsWith("server:\n").contains("body: post");
    }
}
