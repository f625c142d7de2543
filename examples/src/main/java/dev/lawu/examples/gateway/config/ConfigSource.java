package dev.lawu.examples.gateway.config;

import dev.lawu.proxy.http.FieldSyntax;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.Node;

/** What is being read, a file and those that it includes: collects problems, puts in what values refer to, and notes which keys were asked for. */
final class ConfigSource {
    /** Enough for any secret; a mistaken path must not fill the memory. */
    private static final long MAX_SECRET = 64 * 1024;

    private final Path main;
    private final Map<String, String> environment;
    private final Set<Path> files = new LinkedHashSet<>();
    private final List<ConfigProblem> problems = new ArrayList<>();
    private final Map<String, Set<String>> knownKeys = new TreeMap<>();

    ConfigSource(Path main, Map<String, String> environment) {
        this.main = main;
        this.environment = environment;
    }

    /** Notes that this file is read, too; false if it was before. Problems are told in this order. */
    boolean addFile(Path file) {
        return files.add(file);
    }

    int fileCount() {
        return files.size();
    }

    /** The problems so far, by file and line. */
    List<ConfigProblem> problems() {
        List<Path> order = List.copyOf(files);
        return problems.stream()
                .sorted(Comparator.comparingInt((ConfigProblem problem) -> order.indexOf(problem.file()))
                        .thenComparingInt(ConfigProblem::line))
                .toList();
    }

    void problem(Node node, String key, String found, String expected) {
        problem(file(node), line(node), key, found, expected);
    }

    void problem(Path file, int line, String key, String found, String expected) {
        problems.add(new ConfigProblem(file, line, key, found, expected));
    }

    /** Where this node was written. Marks carry the name of their file. */
    Path file(Node node) {
        return node.getStartMark().map(Mark::getName).map(Path::of).orElse(main);
    }

    static int line(Node node) {
        return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(1);
    }

    /** {@code line N}, with the file if that is another one than the node's. */
    String place(Node of, Node seenFrom) {
        Path file = file(of);
        return (file.equals(file(seenFrom)) ? "on line " : "in " + file + " on line ") + line(of);
    }

    /** A path in a value: relative to the directory of the file that it is in. Throws {@link InvalidPathException}. */
    Path resolve(Node node, String path) {
        return file(node).resolveSibling(path);
    }

    /** Notes the keys of a mapping, by its place with {@code []} for every index and {@code *} for names of the user's. */
    void know(String pattern, Collection<String> keys) {
        knownKeys.computeIfAbsent(pattern, key -> new LinkedHashSet<>()).addAll(keys);
    }

    /** All the keys that were asked for, by place. */
    Map<String, Set<String>> knownKeys() {
        return knownKeys;
    }

    /**
     * The text with each <code>${NAME}</code>, <code>${NAME:-default}</code> and <code>${file:PATH}</code> replaced; <code>$${</code> stands for <code>${</code>. Null if that failed, which is a problem
     * of this key.
     */
    @Nullable
    String substitute(Node node, String key, String text) {
        return substitute(text, unclosed(node, key), reference -> lookUp(node, key, reference), "${");
    }

    /** The same with the braces of what is put in doubled. */
    @Nullable
    String substituteInTemplate(Node node, String key, String text) {
        return substitute(
                text,
                unclosed(node, key),
                reference -> {
                    String value = lookUp(node, key, reference);
                    return value == null ? null : value.replace("{", "{{").replace("}", "}}");
                },
                "${");
    }

    private Consumer<String> unclosed(Node node, String key) {
        return text ->
                problem(node, key, FieldSyntax.quote(text), "a \"}\" behind \"${\"; \"$${\" for a literal \"${\"");
    }

    /** The text as it can be read again from anywhere: references stay, with absolute paths. */
    String show(Node node, String text) {
        String shown = substitute(text, unclosed -> {}, reference -> shownReference(node, reference), "$${");
        return shown == null ? text : shown;
    }

    private static @Nullable String substitute(
            String text, Consumer<String> unclosed, Function<String, @Nullable String> lookUp, String escape) {
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
                result.append(text, at, start - 1).append(escape);
                at = start + 2;
                continue;
            }
            result.append(text, at, start);
            int end = text.indexOf('}', start);
            if (end < 0) {
                unclosed.accept(text);
                return null;
            }
            String reference = text.substring(start + 2, end);
            String value = lookUp.apply(reference);
            complete &= value != null;
            result.append(value);
            at = end + 1;
        }
        return complete ? result.toString() : null;
    }

    private String shownReference(Node node, String reference) {
        String shown = reference;
        if (reference.startsWith("file:")) {
            try {
                shown = "file:"
                        + resolve(node, reference.substring("file:".length()))
                                .toAbsolutePath()
                                .normalize();
            } catch (InvalidPathException e) {
                // As it is: reading it is a problem already.
            }
        }
        return "${" + shown + "}";
    }

    private @Nullable String lookUp(Node node, String key, String reference) {
        if (reference.startsWith("file:")) {
            return readSecret(node, key, reference.substring("file:".length()));
        }
        int separator = reference.indexOf(":-");
        String name = separator < 0 ? reference : reference.substring(0, separator);
        String value = environment.get(name);
        if (separator >= 0 && (value == null || value.isEmpty())) {
            return reference.substring(separator + 2);
        }
        if (value == null) {
            problem(
                    node,
                    key,
                    "${" + reference + "}, which is not set",
                    "the name of an environment variable; ${" + (name.isEmpty() ? "NAME" : name)
                            + ":-DEFAULT} for one that need not be set");
        }
        return value;
    }

    private @Nullable String readSecret(Node node, String key, String path) {
        String found = "${file:" + path + "}, ";
        String expected =
                "a readable UTF-8 file of at most 64 KiB; its path is relative to the directory of " + file(node);
        try {
            Path secret = resolve(node, path);
            if (!Files.isReadable(secret) || Files.isDirectory(secret)) {
                problem(node, key, found + "which is not a readable file", expected);
                return null;
            }
            if (Files.size(secret) > MAX_SECRET) {
                problem(node, key, found + "which has " + Files.size(secret) + " bytes", expected);
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
            problem(node, key, found + "which is not UTF-8", expected);
        } catch (IOException | InvalidPathException e) {
            problem(node, key, found + "which cannot be read: " + e.getMessage(), expected);
        }
        return null;
    }
}
