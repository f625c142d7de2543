package dev.lawu.examples.gateway.config;

import com.google.re2j.Pattern;
import dev.lawu.examples.gateway.action.HeaderEdits;
import dev.lawu.examples.gateway.action.Template;
import dev.lawu.proxy.http.FieldSyntax;
import org.jspecify.annotations.Nullable;

/** Reads texts with variables. Stateless. */
final class TemplateReader {
    private static final String VALUE =
            "a text, which may have variables such as {client-address}, in visible characters";
    private static final String FIELDS = "a mapping of fields such as { X-Name: value }";
    private static final String NAME =
            "the name of a field, and not of one that frames messages or connections, which the gateway writes itself";

    private TemplateReader() {}

    /** Null if it is none, or could not stand in a field. */
    static @Nullable Template read(ConfigValue value, @Nullable Pattern regex, String expected) {
        String text = value.templateText(expected);
        if (text == null) {
            return null;
        }
        if (!isFieldValue(text)) {
            value.reject(expected);
            return null;
        }
        try {
            return Template.parse(text, regex);
        } catch (IllegalArgumentException e) {
            problem(value, e);
            return null;
        }
    }

    /** A message of the form {@code FOUND (expected: EXPECTED)}. */
    static void problem(ConfigValue value, IllegalArgumentException e) {
        String message = String.valueOf(e.getMessage());
        int expected = message.indexOf(" (expected: ");
        value.problem(
                expected < 0 ? message : message.substring(0, expected),
                expected < 0 ? "" : message.substring(expected + " (expected: ".length(), message.length() - 1));
    }

    static boolean isFieldValue(String text) {
        return text.chars().allMatch(c -> c <= 0xFF && FieldSyntax.isValue((byte) c));
    }

    /** The edits of {@code request-headers} or {@code response-headers}. */
    static HeaderEdits edits(ConfigValue value, @Nullable Pattern regex) {
        HeaderEdits.Builder edits = HeaderEdits.builder();
        ConfigSection section = value.section("a mapping of set, add and remove");
        if (section == null) {
            return HeaderEdits.NONE;
        }
        fields(section.optional("set"), regex, edits, true);
        fields(section.optional("add"), regex, edits, false);
        ConfigValue removed = section.optional("remove");
        if (removed != null) {
            for (ConfigValue element : removed.oneOrMore("a list of fields such as [Server]")) {
                String name = element.text(NAME);
                if (name != null && HeaderEdits.isEditable(name)) {
                    edits.remove(name);
                } else if (name != null) {
                    element.reject(NAME);
                }
            }
        }
        section.end();
        return edits.build();
    }

    private static void fields(
            @Nullable ConfigValue value, @Nullable Pattern regex, HeaderEdits.Builder edits, boolean isSet) {
        ConfigSection section = value == null ? null : value.section(FIELDS);
        if (section == null) {
            return;
        }
        section.all().forEach((name, element) -> {
            Template template = read(element, regex, VALUE);
            if (!HeaderEdits.isEditable(name)) {
                section.keyProblem(name, FieldSyntax.quote(name), NAME);
            } else if (template != null && isSet) {
                edits.set(name, template);
            } else if (template != null) {
                edits.add(name, template);
            }
            if (template != null && SecretNames.contains(name)) {
                element.show(SecretNames.MASK);
            }
        });
    }
}
