package dev.lawu.examples.gateway.config;

import dev.lawu.proxy.http.FieldSyntax;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * A value of the file and its key. Each reading method answers null if the value is not what it should be, which is then a problem of the source.
 *
 * @param key where it is, as messages say it
 * @param pattern the same, with {@code []} and {@code *} for what the user chooses
 * @param effective told what was read, as it is shown by {@code --print-config}
 */
record ConfigValue(ConfigSource source, String key, String pattern, Node node, Consumer<Object> effective) {
    private static final Pattern INTEGER = Pattern.compile("-?[0-9]{1,12}");

    /** Says that the value is not as expected. */
    void reject(String expected) {
        problem(found(), expected);
    }

    void problem(String found, String expected) {
        source.problem(node, key, found, expected);
    }

    /** Shows this instead of what was read, for secrets and paths. */
    void show(Object shown) {
        if (!isReference()) {
            effective.accept(shown);
        }
    }

    boolean isMapping() {
        return node instanceof MappingNode;
    }

    boolean isList() {
        return node instanceof SequenceNode;
    }

    /** True if exactly this is written here. */
    boolean isWord(String word) {
        return node instanceof ScalarNode scalar && scalar.getValue().equals(word);
    }

    private boolean isReference() {
        return node instanceof ScalarNode scalar && scalar.getValue().contains("${");
    }

    /** What is written here, quoted: a reference as it is, and never what it stands for. */
    String found() {
        if (isMapping()) {
            return "a mapping";
        }
        if (isList()) {
            return "a list";
        }
        if (isNothing() || !(node instanceof ScalarNode scalar)) {
            return "nothing";
        }
        // A value that stands somewhere else may be a secret.
        return FieldSyntax.quote(scalar.getValue()) + (isReference() ? " (what it stands for is not shown)" : "");
    }

    private boolean isNothing() {
        return node.getTag().equals(Tag.NULL);
    }

    /** The text of a scalar, whatever its style, with references replaced. */
    @Nullable
    String text(String expected) {
        if (node instanceof ScalarNode scalar && !isNothing()) {
            effective.accept(source.show(node, scalar.getValue()));
            return source.substitute(node, key, scalar.getValue());
        }
        reject(expected);
        return null;
    }

    /** The same, where braces in what references stand for are doubled, so that they make no variables. */
    @Nullable
    String templateText(String expected) {
        String text = text(expected);
        boolean isReplaced = text != null && node instanceof ScalarNode && isReference();
        return isReplaced && node instanceof ScalarNode scalar
                ? source.substituteInTemplate(node, key, scalar.getValue())
                : text;
    }

    /** One of these words. */
    @Nullable
    String oneOf(Collection<String> words) {
        String expected = words.size() == 1 ? words.iterator().next() : "one of " + String.join(", ", words);
        String text = text(expected);
        if (text != null && !words.contains(text)) {
            reject(expected + Suggestion.of(text, words));
            return null;
        }
        return text;
    }

    @Nullable
    Boolean bool() {
        String text = oneOf(List.of("true", "false"));
        Boolean value = text == null ? null : Boolean.valueOf(text);
        if (value != null) {
            show(value);
        }
        return value;
    }

    /** A whole number in this range. */
    @Nullable
    Integer integer(int least, int most) {
        String expected = "a whole number, " + least + " to " + most;
        String text = text(expected);
        if (text == null) {
            return null;
        }
        if (INTEGER.matcher(text).matches()) {
            long value = Long.parseLong(text);
            if (value >= least && value <= most) {
                show((int) value);
                return (int) value;
            }
        }
        reject(expected);
        return null;
    }

    /** A size in bytes in this range. */
    @Nullable
    Long size(long least, long most) {
        String expected = "a size such as 512, 64KiB or 1MiB, " + ConfigUnits.sizeText(least) + " to "
                + ConfigUnits.sizeText(most);
        String text = text(expected);
        if (text == null) {
            return null;
        }
        long value = ConfigUnits.size(text);
        if (value >= least && value <= most) {
            show(ConfigUnits.sizeText(value));
            return value;
        }
        reject(expected);
        return null;
    }

    /** A duration of {@code least} milliseconds to {@code most}. */
    @Nullable
    Duration duration(int least, Duration most) {
        String expected = "a duration such as 250ms, 5s, 10m or 1h, " + least + "ms to " + ConfigUnits.text(most);
        String text = text(expected);
        if (text == null) {
            return null;
        }
        Duration value = ConfigUnits.duration(text);
        if (value != null && value.toMillis() >= least && value.compareTo(most) <= 0) {
            return value;
        }
        reject(expected);
        return null;
    }

    /** A path; relative to the directory of the file that it is in. */
    @Nullable
    Path path(String expected) {
        String text = text(expected);
        if (text == null) {
            return null;
        }
        try {
            if (!text.isEmpty()) {
                Path path = source.resolve(node, text);
                show(path.toAbsolutePath().normalize().toString());
                return path;
            }
        } catch (InvalidPathException e) {
            // Said below.
        }
        reject(expected);
        return null;
    }

    /** The elements of a list; empty if it is none. */
    List<ConfigValue> list(String expected) {
        if (!(node instanceof SequenceNode sequence)) {
            reject(expected);
            return List.of();
        }
        List<Object> shown = new ArrayList<>();
        effective.accept(shown);
        List<ConfigValue> values = new ArrayList<>();
        for (Node element : sequence.getValue()) {
            int index = values.size();
            shown.add("");
            values.add(new ConfigValue(
                    source, key + "[" + index + "]", pattern + "[]", element, value -> shown.set(index, value)));
        }
        return values;
    }

    /** The same, where an empty list is a problem too. */
    List<ConfigValue> nonEmptyList(String expected) {
        List<ConfigValue> values = list(expected);
        if (values.isEmpty() && isList()) {
            problem("an empty list", expected);
        }
        return values;
    }

    /** The elements of a list, or the one value that stands for a list of itself. */
    List<ConfigValue> oneOrMore(String expected) {
        return isList() || isMapping() ? nonEmptyList(expected) : List.of(this);
    }

    /** The texts of a list. */
    List<String> texts(String listExpected, String expected) {
        List<String> texts = new ArrayList<>();
        for (ConfigValue element : list(listExpected)) {
            String text = element.text(expected);
            if (text != null) {
                texts.add(text);
            }
        }
        return texts;
    }

    /** A mapping. */
    @Nullable
    ConfigSection section(String expected) {
        if (node instanceof MappingNode mapping) {
            ConfigSection section = new ConfigSection(source, key, pattern, mapping);
            effective.accept(section.effective());
            return section;
        }
        reject(expected);
        return null;
    }
}
