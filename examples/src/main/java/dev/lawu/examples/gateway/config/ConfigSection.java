package dev.lawu.examples.gateway.config;

import dev.lawu.proxy.http.FieldSyntax;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/**
 * A mapping of the file. What it may hold is told by asking for it; {@link #end()} makes a problem of each key that was not asked for. A default is what is answered, and shown by
 * {@code --print-config}, where there is no value or a wrong one.
 */
final class ConfigSection {
    private static final Duration LONGEST = Duration.ofHours(24);

    private final ConfigSource source;
    private final String key;
    private final String pattern;
    private final MappingNode node;
    private final Map<String, ConfigValue> values = new LinkedHashMap<>();
    private final Map<String, ScalarNode> keys = new LinkedHashMap<>();
    private final Set<String> known = new LinkedHashSet<>();
    private final Set<String> notBuilt = new LinkedHashSet<>();
    private final Map<String, Object> effective = new LinkedHashMap<>();

    ConfigSection(ConfigSource source, String key, String pattern, MappingNode node) {
        this.source = source;
        this.key = key;
        this.pattern = pattern;
        this.node = node;
        for (NodeTuple tuple : node.getValue()) {
            if (!(tuple.getKeyNode() instanceof ScalarNode name)) {
                source.problem(tuple.getKeyNode(), key, "a key that is a list or a mapping", "a word");
                continue;
            }
            ScalarNode first = keys.putIfAbsent(name.getValue(), name);
            if (first != null) {
                source.problem(
                        name, path(name.getValue()), "the key again", "it once; it is " + source.place(first, name));
                continue;
            }
            String word = name.getValue();
            values.put(
                    word,
                    new ConfigValue(
                            source,
                            path(word),
                            pattern.isEmpty() ? word : pattern + "." + word,
                            tuple.getValueNode(),
                            value -> effective.put(word, value)));
        }
    }

    private String path(String name) {
        String shown = FieldSyntax.isToken(name) ? name : FieldSyntax.quote(name);
        return key.isEmpty() ? shown : key + "." + shown;
    }

    MappingNode node() {
        return node;
    }

    /** What was read, and defaults, in the order in which it was asked for. */
    Map<String, Object> effective() {
        return effective;
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    /** Which of these keys are there. */
    List<String> present(List<String> names) {
        return names.stream().filter(values::containsKey).toList();
    }

    /** All of it, for mappings whose keys the user chooses. */
    Map<String, ConfigValue> all() {
        known.addAll(values.keySet());
        source.know(pattern, Set.of("*"));
        Map<String, ConfigValue> all = new LinkedHashMap<>();
        values.forEach((name, value) ->
                all.put(name, new ConfigValue(source, value.key(), pattern + ".*", value.node(), value.effective())));
        return all;
    }

    /** Where a key of the user's stands, for problems of the key itself. */
    void keyProblem(String name, String found, String expected) {
        ScalarNode at = keys.get(name);
        source.problem(at == null ? node : at, path(name), found, expected);
    }

    /** The value of this key; null if it is absent. */
    @Nullable
    ConfigValue optional(String name) {
        known.add(name);
        return values.get(name);
    }

    /** The value of this key; null if it is absent, which is a problem. */
    @Nullable
    ConfigValue required(String name, String expected) {
        ConfigValue value = optional(name);
        if (value == null) {
            source.problem(node, path(name), "nothing", expected);
        }
        return value;
    }

    /** The mapping of this key; an empty one if it is absent, so that its defaults are shown; null if it is no mapping. */
    @Nullable
    ConfigSection sectionOrEmpty(String name) {
        ConfigValue value = optional(name);
        if (value != null) {
            return value.section("a mapping");
        }
        MappingNode nothing = new MappingNode(
                node.getTag(), true, new ArrayList<>(), node.getFlowStyle(), node.getStartMark(), node.getEndMark());
        ConfigSection empty =
                new ConfigSection(source, path(name), pattern.isEmpty() ? name : pattern + "." + name, nothing);
        effective.put(name, empty.effective);
        return empty;
    }

    int integer(String name, int least, int most, int byDefault) {
        ConfigValue value = optional(name);
        Integer read = value == null ? null : value.integer(least, most);
        return read == null ? byDefault(name, byDefault, byDefault) : read;
    }

    long size(String name, long least, long most, long byDefault) {
        ConfigValue value = optional(name);
        Long read = value == null ? null : value.size(least, most);
        return read == null ? byDefault(name, byDefault, ConfigUnits.sizeText(byDefault)) : read;
    }

    /** A duration of 1 ms to 24 h. */
    Duration duration(String name, Duration byDefault) {
        return duration(name, 1, LONGEST, byDefault);
    }

    Duration duration(String name, int leastMillis, Duration most, Duration byDefault) {
        ConfigValue value = optional(name);
        Duration read = value == null ? null : value.duration(leastMillis, most);
        return read == null ? byDefault(name, byDefault, ConfigUnits.text(byDefault)) : read;
    }

    /** A duration without a default. */
    @Nullable
    Duration durationOrNull(String name) {
        ConfigValue value = optional(name);
        return value == null ? null : value.duration(1, LONGEST);
    }

    boolean bool(String name, boolean byDefault) {
        ConfigValue value = optional(name);
        Boolean read = value == null ? null : value.bool();
        return read == null ? byDefault(name, byDefault, byDefault) : read;
    }

    String oneOf(String name, List<String> words, String byDefault) {
        ConfigValue value = optional(name);
        String read = value == null ? null : value.oneOf(words);
        return read == null ? byDefault(name, byDefault, byDefault) : read;
    }

    String text(String name, String expected, String byDefault) {
        ConfigValue value = optional(name);
        String read = value == null ? null : value.text(expected);
        return read == null ? byDefault(name, byDefault, byDefault) : read;
    }

    List<String> texts(String name, String listExpected, String expected, List<String> byDefault) {
        ConfigValue value = optional(name);
        return value == null ? byDefault(name, byDefault, byDefault) : value.texts(listExpected, expected);
    }

    /** Shows a default, and answers it. */
    <T> T byDefault(String name, T value, Object shown) {
        effective.putIfAbsent(name, shown);
        return value;
    }

    /** A key that the design has and that does not work yet. */
    void notBuilt(String name, String instead) {
        notBuilt.add(name);
        if (values.containsKey(name)) {
            keyProblem(name, "\"" + name + "\", which is not built yet", instead);
        }
    }

    /** To be called when everything has been asked for. */
    void end() {
        source.know(pattern, known);
        for (String name : values.keySet()) {
            if (!known.contains(name) && !notBuilt.contains(name)) {
                keyProblem(
                        name,
                        "an unknown key",
                        (known.size() == 1 ? "" : "one of ") + String.join(", ", known) + Suggestion.of(name, known));
            }
        }
    }
}
