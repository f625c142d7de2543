package dev.lawu.examples.gateway;

import dev.lawu.proxy.http.FieldSyntax;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/** A value of the file and its key. Each reading method answers null if the value is not what it should be, which is then a problem of the source. */
record ConfigValue(ConfigSource source, String key, Node node) {
    private static final Pattern DURATION = Pattern.compile("([0-9]{1,12})(ms|s|m|h)");
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,12})(B|KiB|MiB|GiB)?");
    private static final Pattern INTEGER = Pattern.compile("-?[0-9]{1,12}");

    int line() {
        return ConfigSource.line(node);
    }

    /** Says that the value is not as expected. */
    void reject(String expected) {
        problem(found(), expected);
    }

    void problem(String found, String expected) {
        source.problem(line(), key, found, expected);
    }

    private String found() {
        if (node instanceof MappingNode) {
            return "a mapping";
        }
        if (node instanceof SequenceNode) {
            return "a list";
        }
        if (isNothing() || !(node instanceof ScalarNode scalar)) {
            return "nothing";
        }
        // A value that stands somewhere else may be a secret.
        return FieldSyntax.quote(scalar.getValue())
                + (scalar.getValue().contains("${") ? " (what it stands for is not shown)" : "");
    }

    private boolean isNothing() {
        return node.getTag().equals(Tag.NULL);
    }

    /** The text of a scalar, whatever its style, with references replaced. */
    @Nullable
    String text(String expected) {
        if (node instanceof ScalarNode scalar && !isNothing()) {
            return source.substitute(line(), key, scalar.getValue());
        }
        reject(expected);
        return null;
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
        return text == null ? null : Boolean.valueOf(text);
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
                return (int) value;
            }
        }
        reject(expected);
        return null;
    }

    /** A size in bytes in this range. */
    @Nullable
    Integer size(int least, int most) {
        String expected = "a size such as 512, 64KiB or 1MiB, " + sizeText(least) + " to " + sizeText(most);
        String text = text(expected);
        if (text == null) {
            return null;
        }
        Matcher matcher = SIZE.matcher(text);
        if (matcher.matches()) {
            String unit = matcher.group(2) == null ? "B" : matcher.group(2);
            int shift = switch (unit) {
                case "KiB" -> 10;
                case "MiB" -> 20;
                case "GiB" -> 30;
                default -> 0;
            };
            BigInteger value = new BigInteger(matcher.group(1)).shiftLeft(shift);
            if (value.compareTo(BigInteger.valueOf(least)) >= 0 && value.compareTo(BigInteger.valueOf(most)) <= 0) {
                return value.intValueExact();
            }
        }
        reject(expected);
        return null;
    }

    private static String sizeText(int bytes) {
        return bytes >= 1 << 20 && bytes % (1 << 20) == 0
                ? (bytes >> 20) + "MiB"
                : bytes >= 1 << 10 && bytes % (1 << 10) == 0 ? (bytes >> 10) + "KiB" : bytes + "B";
    }

    /** A duration of {@code least} milliseconds to 24 hours. */
    @Nullable
    Duration duration(int least) {
        String expected = "a duration such as 250ms, 5s, 10m or 1h, " + least + "ms to 24h";
        String text = text(expected);
        if (text == null) {
            return null;
        }
        Matcher matcher = DURATION.matcher(text);
        if (matcher.matches()) {
            long number = Long.parseLong(matcher.group(1));
            Duration value = switch (matcher.group(2)) {
                case "ms" -> Duration.ofMillis(number);
                case "s" -> Duration.ofSeconds(number);
                case "m" -> Duration.ofMinutes(number);
                default -> Duration.ofHours(number);
            };
            if (value.compareTo(Duration.ofMillis(least)) >= 0 && value.compareTo(Duration.ofHours(24)) <= 0) {
                return value;
            }
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
        List<ConfigValue> values = new ArrayList<>();
        for (Node element : sequence.getValue()) {
            values.add(new ConfigValue(source, key + "[" + values.size() + "]", element));
        }
        return values;
    }

    /** The same, where an empty list is a problem too. */
    List<ConfigValue> nonEmptyList(String expected) {
        List<ConfigValue> values = list(expected);
        if (values.isEmpty() && node instanceof SequenceNode) {
            problem("an empty list", expected);
        }
        return values;
    }

    /** A mapping. */
    @Nullable
    ConfigSection section(String expected) {
        if (node instanceof MappingNode mapping) {
            return new ConfigSection(source, key, mapping);
        }
        reject(expected);
        return null;
    }
}
