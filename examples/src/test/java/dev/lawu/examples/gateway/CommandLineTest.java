package dev.lawu.examples.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
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
}
