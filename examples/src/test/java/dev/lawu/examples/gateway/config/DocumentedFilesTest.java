package dev.lawu.examples.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the pages show works as it stands there, with what else a file needs around it. */
class DocumentedFilesTest {
    private static final Pattern BLOCK = Pattern.compile("```yaml\n(.*?)```", Pattern.DOTALL);
    private static final String[] PAGES = {"gateway", "routing", "static-files", "gateway-filters"};

    @TempDir
    private Path directory;

    static Stream<Arguments> blocks() throws Exception {
        List<Arguments> blocks = new ArrayList<>();
        for (String page : PAGES) {
            Matcher matcher = BLOCK.matcher(Files.readString(Path.of("../docs/" + page + ".md")));
            int number = 0;
            while (matcher.find()) {
                blocks.add(Arguments.of(page, ++number, matcher.group(1)));
            }
        }
        assertThat(blocks).hasSizeGreaterThan(10);
        return blocks.stream();
    }

    @ParameterizedTest(name = "{0}.md, block {1}")
    @MethodSource("blocks")
    void isReadWithoutAProblem(String page, int number, String block) throws Exception {
        Files.createDirectories(directory.resolve("app/dist"));
        Files.writeString(directory.resolve("404.html"), "none");
        String hash = "pbkdf2-sha256$1$AAAAAAAAAAA=$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        Files.writeString(directory.resolve("alice.hash"), hash);
        String text = block.replace("pbkdf2-sha256$600000$...", hash).replace("/var/www", directory.toString());
        for (String alternative : alternatives(text)) {
            Path file = directory.resolve("gateway.yaml");
            Files.writeString(file, complete(alternative));
            assertThatCode(() -> ConfigReader.read(file, Map.of()))
                    .as(alternative)
                    .doesNotThrowAnyException();
        }
    }

    /** A block may show two ways to write one key of a route. */
    private static List<String> alternatives(String text) {
        List<String> lines = text.lines().toList();
        boolean isOneLineEach = lines.size() > 1
                && lines.stream()
                                .map(line -> line.replaceFirst(":.*", ""))
                                .distinct()
                                .count()
                        == 1;
        return isOneLineEach && text.startsWith("    ") ? lines : List.of(text);
    }

    private static String complete(String text) {
        String whole = text;
        if (text.startsWith("    ")) {
            whole = "routes:\n  - match: {}\n    upstream: app\n" + text;
        } else if (text.startsWith("  - ")) {
            whole = "routes:\n" + text;
        }
        String upstream = "{ peers: [\"127.0.0.1:9000\"] }";
        return whole
                + (whole.contains("\nroutes:") || whole.startsWith("routes:")
                        ? ""
                        : "\nroutes: [{ match: {}, respond: {} }]")
                + (whole.contains("listeners:") ? "" : "\nlisteners: [{ address: \"127.0.0.1:0\" }]")
                + (whole.contains("upstreams:")
                        ? "\n"
                        : "\nupstreams: { app: " + upstream + ", next: " + upstream + " }\n");
    }
}
