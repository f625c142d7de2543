package dev.lawu.examples.gateway;

import dev.lawu.proxy.http.FieldSyntax;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;

/** The file that is being read: collects its problems, and puts in what its values refer to. */
final class ConfigSource {
    /** Enough for any secret; a mistaken path must not fill the memory. */
    private static final long MAX_SECRET = 64 * 1024;

    private final Path file;
    private final Map<String, String> environment;
    private final List<ConfigProblem> problems = new ArrayList<>();

    ConfigSource(Path file, Map<String, String> environment) {
        this.file = file;
        this.environment = environment;
    }

    Path file() {
        return file;
    }

    /** The problems so far, in the order of their lines. */
    List<ConfigProblem> problems() {
        return problems.stream()
                .sorted(Comparator.comparingInt(ConfigProblem::line))
                .toList();
    }

    void problem(int line, String key, String found, String expected) {
        problems.add(new ConfigProblem(file, line, key, found, expected));
    }

    static int line(Node node) {
        return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(1);
    }

    /** The text with each <code>${NAME}</code> and <code>${file:PATH}</code> replaced; <code>$${</code> stands for <code>${</code>. Null if that failed, which is a problem of this key. */
    @Nullable
    String substitute(int line, String key, String text) {
        if (text.indexOf("${") < 0) {
            return text;
        }
        StringBuilder result = new StringBuilder();
        boolean complete = true;
        int at = 0;
        while (at < text.length()) {
            int start = text.indexOf("${", at);
            if (start < 0) {
                result.append(text, at, text.length());
                break;
            }
            if (start > at && text.charAt(start - 1) == '$') {
                result.append(text, at, start - 1).append("${");
                at = start + 2;
                continue;
            }
            result.append(text, at, start);
            int end = text.indexOf('}', start);
            if (end < 0) {
                problem(line, key, FieldSyntax.quote(text), "a \"}\" behind \"${\"; \"$${\" for a literal \"${\"");
                return null;
            }
            String value = lookUp(line, key, text.substring(start + 2, end));
            complete &= value != null;
            result.append(value);
            at = end + 1;
        }
        return complete ? result.toString() : null;
    }

    private @Nullable String lookUp(int line, String key, String reference) {
        if (reference.startsWith("file:")) {
            return readSecret(line, key, reference.substring("file:".length()));
        }
        String value = environment.get(reference);
        if (value == null) {
            problem(line, key, "${" + reference + "}, which is not set", "the name of an environment variable");
        }
        return value;
    }

    private @Nullable String readSecret(int line, String key, String path) {
        String found = "${file:" + path + "}, ";
        String expected = "a readable UTF-8 file of at most 64 KiB; its path is relative to the directory of " + file;
        try {
            Path secret = file.resolveSibling(path);
            if (!Files.isReadable(secret) || Files.isDirectory(secret)) {
                problem(line, key, found + "which is not a readable file", expected);
                return null;
            }
            if (Files.size(secret) > MAX_SECRET) {
                problem(line, key, found + "which has " + Files.size(secret) + " bytes", expected);
                return null;
            }
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(Files.readAllBytes(secret)))
                    .toString();
            // Editors and echo end a file with a line break, which is no part of a secret.
            return text.endsWith("\r\n")
                    ? text.substring(0, text.length() - 2)
                    : text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
        } catch (CharacterCodingException e) {
            problem(line, key, found + "which is not UTF-8", expected);
        } catch (IOException | InvalidPathException e) {
            problem(line, key, found + "which cannot be read: " + e.getMessage(), expected);
        }
        return null;
    }
}
