package dev.lawu.examples.gateway;

import dev.lawu.proxy.http.FieldSyntax;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/** A mapping of the file. What it may hold is told by asking for it; {@link #end()} makes a problem of each key that was not asked for. */
final class ConfigSection {
    private final ConfigSource source;
    private final String key;
    private final int line;
    private final Map<String, ConfigValue> values = new LinkedHashMap<>();
    private final Map<String, Integer> lines = new LinkedHashMap<>();
    private final Set<String> known = new LinkedHashSet<>();
    private final Set<String> notBuilt = new LinkedHashSet<>();

    ConfigSection(ConfigSource source, String key, MappingNode node) {
        this.source = source;
        this.key = key;
        this.line = ConfigSource.line(node);
        for (NodeTuple tuple : node.getValue()) {
            int keyLine = ConfigSource.line(tuple.getKeyNode());
            if (!(tuple.getKeyNode() instanceof ScalarNode name)) {
                source.problem(keyLine, key, "a key that is a list or a mapping", "a word");
                continue;
            }
            Integer first = lines.putIfAbsent(name.getValue(), keyLine);
            if (first != null) {
                source.problem(keyLine, path(name.getValue()), "the key again", "it once; it is on line " + first);
                continue;
            }
            values.put(name.getValue(), new ConfigValue(source, path(name.getValue()), tuple.getValueNode()));
        }
    }

    private String path(String name) {
        String shown = FieldSyntax.isToken(name) ? name : FieldSyntax.quote(name);
        return key.isEmpty() ? shown : key + "." + shown;
    }

    int line() {
        return line;
    }

    /** All of it, for mappings whose keys the user chooses. */
    Map<String, ConfigValue> all() {
        known.addAll(values.keySet());
        return values;
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
            source.problem(line, path(name), "nothing", expected);
        }
        return value;
    }

    /** The mapping of this key; null if it is absent or none. */
    @Nullable
    ConfigSection optionalSection(String name) {
        ConfigValue value = optional(name);
        return value == null ? null : value.section("a mapping");
    }

    /** A key that the design has and that does not work yet. */
    void notBuilt(String name, String instead) {
        notBuilt.add(name);
        if (values.containsKey(name)) {
            source.problem(
                    lines.getOrDefault(name, line), path(name), "\"" + name + "\", which is not built yet", instead);
        }
    }

    /** To be called when everything has been asked for. */
    void end() {
        for (String name : values.keySet()) {
            if (!known.contains(name) && !notBuilt.contains(name)) {
                source.problem(
                        lines.getOrDefault(name, line),
                        path(name),
                        "an unknown key",
                        (known.size() == 1 ? "" : "one of ") + String.join(", ", known) + Suggestion.of(name, known));
            }
        }
    }
}
