package dev.lawu.examples.gateway.config;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** Reads a file and those that it includes into one mapping. Lists of listeners and routes are joined, and upstreams; every other key may be in one file only. */
final class ConfigFiles {
    /** The routes of 100,000 tenants fit. */
    private static final int MAX_CHARACTERS = 64 << 20;

    private static final int MAX_FILES = 10_000;
    private static final int MAX_DEPTH = 8;
    private static final String INCLUDE = "include";
    private static final List<String> JOINED = List.of("listeners", "upstreams", "routes");
    private static final String FILE = "a YAML mapping with listeners, upstreams and routes";
    private static final String PATHS = "a file or a list of files such as [upstreams.yaml, routes/*.yaml]";

    private final ConfigSource source;

    ConfigFiles(ConfigSource source) {
        this.source = source;
    }

    /** The whole; null if the file is no mapping, which is a problem then. Throws {@link IOException} if it cannot be read. */
    @Nullable
    MappingNode read(Path file) throws IOException {
        source.addFile(file);
        try {
            return include(file, Files.readString(file), 0);
        } catch (CharacterCodingException e) {
            source.problem(file, 1, "", "bytes that are no UTF-8", FILE);
            return null;
        }
    }

    private @Nullable MappingNode include(Path file, String text, int depth) {
        Node node = parse(file, text);
        if (node == null) {
            return null;
        }
        if (!(node instanceof MappingNode mapping)) {
            new ConfigValue(source, "", "", node, shown -> {}).reject(FILE);
            return null;
        }
        List<NodeTuple> tuples = new ArrayList<>();
        List<MappingNode> included = new ArrayList<>();
        for (NodeTuple tuple : mapping.getValue()) {
            if (isNamed(tuple, INCLUDE)) {
                ConfigValue value = new ConfigValue(source, INCLUDE, INCLUDE, tuple.getValueNode(), shown -> {});
                for (ConfigValue path : value.oneOrMore(PATHS)) {
                    included.addAll(include(path, depth + 1));
                }
            } else {
                tuples.add(tuple);
            }
        }
        for (MappingNode other : included) {
            other.getValue().forEach(tuple -> join(tuples, tuple));
        }
        return new MappingNode(
                mapping.getTag(), true, tuples, mapping.getFlowStyle(), mapping.getStartMark(), mapping.getEndMark());
    }

    private static boolean isNamed(NodeTuple tuple, String name) {
        return tuple.getKeyNode() instanceof ScalarNode key && key.getValue().equals(name);
    }

    private static void join(List<NodeTuple> tuples, NodeTuple other) {
        for (int i = 0; i < tuples.size(); i++) {
            NodeTuple tuple = tuples.get(i);
            boolean isSame = other.getKeyNode() instanceof ScalarNode key
                    && JOINED.contains(key.getValue())
                    && isNamed(tuple, key.getValue());
            Node joined = isSame ? join(tuple.getValueNode(), other.getValueNode()) : null;
            if (joined != null) {
                tuples.set(i, new NodeTuple(tuple.getKeyNode(), joined));
                return;
            }
        }
        tuples.add(other);
    }

    /** Null if they are not of one kind: the key is a problem then, as it is there twice. */
    private static @Nullable Node join(Node first, Node second) {
        if (first instanceof SequenceNode a && second instanceof SequenceNode b) {
            List<Node> elements = new ArrayList<>(a.getValue());
            elements.addAll(b.getValue());
            return new SequenceNode(a.getTag(), true, elements, a.getFlowStyle(), a.getStartMark(), a.getEndMark());
        }
        if (first instanceof MappingNode a && second instanceof MappingNode b) {
            List<NodeTuple> tuples = new ArrayList<>(a.getValue());
            tuples.addAll(b.getValue());
            return new MappingNode(a.getTag(), true, tuples, a.getFlowStyle(), a.getStartMark(), a.getEndMark());
        }
        return null;
    }

    private List<MappingNode> include(ConfigValue value, int depth) {
        List<MappingNode> mappings = new ArrayList<>();
        String text = value.text(PATHS);
        if (text == null) {
            return mappings;
        }
        try {
            for (Path file : files(source.resolve(value.node(), text))) {
                if (depth > MAX_DEPTH || source.fileCount() >= MAX_FILES) {
                    value.problem(
                            depth > MAX_DEPTH
                                    ? "an include inside of " + MAX_DEPTH
                                    : "more than " + MAX_FILES + " files",
                            "at most " + MAX_DEPTH + " inside of each other, and " + MAX_FILES + " files");
                    return mappings;
                }
                if (!source.addFile(file)) {
                    value.problem(file + " again", "each file once");
                    continue;
                }
                MappingNode mapping = include(file, Files.readString(file), depth);
                if (mapping != null) {
                    mappings.add(mapping);
                }
            }
        } catch (CharacterCodingException e) {
            value.problem("a file whose bytes are no UTF-8", "a file of UTF-8 text");
        } catch (IOException | InvalidPathException | PatternSyntaxException e) {
            value.reject(
                    "a file that can be read; its path is relative to the directory of " + source.file(value.node()));
        }
        return mappings;
    }

    /** The file, or, if its name has a star, those that there are, by name. */
    private static List<Path> files(Path path) throws IOException {
        Path name = path.getFileName();
        Path directory = path.getParent();
        if (name == null || name.toString().indexOf('*') < 0) {
            return List.of(path.normalize());
        }
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> stream =
                Files.newDirectoryStream(directory == null ? Path.of("") : directory, name.toString())) {
            stream.forEach(file -> files.add(file.normalize()));
        }
        files.sort(null);
        return files;
    }

    private @Nullable Node parse(Path file, String text) {
        LoadSettings settings = LoadSettings.builder()
                .setLabel(file.toString())
                .setAllowDuplicateKeys(true) // ConfigSection finds them, all of them
                .setCodePointLimit(MAX_CHARACTERS)
                .build();
        try {
            Node node = new Compose(settings).composeString(text).orElse(null);
            if (node == null) {
                source.problem(file, 1, "", "an empty file", FILE);
            }
            return node;
        } catch (MarkedYamlEngineException e) {
            int line = e.getProblemMark()
                    .or(e::getContextMark)
                    .map(mark -> mark.getLine() + 1)
                    .orElse(1);
            String context = e.getContext();
            source.problem(
                    file,
                    line,
                    "",
                    "text that is no YAML: " + (context == null ? "" : context + ": ") + e.getProblem(),
                    FILE);
        } catch (YamlEngineException e) {
            source.problem(
                    file,
                    1,
                    "",
                    "text that is no YAML: " + String.valueOf(e.getMessage()).replace('\n', ' '),
                    FILE);
        }
        return null;
    }
}
