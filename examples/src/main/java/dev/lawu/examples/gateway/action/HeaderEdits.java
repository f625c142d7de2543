package dev.lawu.examples.gateway.action;

import dev.lawu.proxy.http.FieldSyntax;
import dev.lawu.proxy.http.Headers;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Fields that a route removes, sets and adds, in this order. Immutable. */
public final class HeaderEdits {
    /** Changes nothing. */
    public static final HeaderEdits NONE = builder().build();

    /** What frames a message, or says where it goes, is the engine's; edits of it would not be sent, or would misframe. */
    private static final Set<String> ENGINES_OWN = Set.of(
            "connection",
            "content-length",
            "keep-alive",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade");

    private record Field(String name, Template value) {}

    private final List<String> removed;
    private final List<Field> set;
    private final List<Field> added;

    private HeaderEdits(Builder builder) {
        removed = List.copyOf(builder.removed);
        set = List.copyOf(builder.set);
        added = List.copyOf(builder.added);
    }

    /** Begins with no edits. */
    public static Builder builder() {
        return new Builder();
    }

    /** True for the fields that may be edited: tokens, but not those that are the engine's. */
    public static boolean isEditable(String name) {
        return FieldSyntax.isToken(name) && !ENGINES_OWN.contains(name.toLowerCase(Locale.ROOT));
    }

    /** True if there is nothing to do. */
    public boolean isEmpty() {
        return removed.isEmpty() && set.isEmpty() && added.isEmpty();
    }

    /** Edits these fields. */
    public void apply(Headers headers, RequestVariables variables) {
        for (int i = 0; i < removed.size(); i++) {
            headers.remove(removed.get(i));
        }
        for (int i = 0; i < set.size(); i++) {
            Field field = set.get(i);
            headers.set(field.name, field.value.expand(variables).trim());
        }
        for (int i = 0; i < added.size(); i++) {
            Field field = added.get(i);
            headers.add(field.name, field.value.expand(variables).trim());
        }
    }

    /** Collects edits. Names that cannot be edited are refused with {@link IllegalArgumentException}. */
    public static final class Builder {
        private final List<String> removed = new ArrayList<>();
        private final List<Field> set = new ArrayList<>();
        private final List<Field> added = new ArrayList<>();

        private Builder() {}

        /** Removes every line of this field. */
        public Builder remove(String name) {
            removed.add(requireEditable(name));
            return this;
        }

        /** Sends this one line of the field instead of those there are. */
        public Builder set(String name, Template value) {
            set.add(new Field(requireEditable(name), value));
            return this;
        }

        /** Sends one more line of the field. */
        public Builder add(String name, Template value) {
            added.add(new Field(requireEditable(name), value));
            return this;
        }

        private static String requireEditable(String name) {
            if (!isEditable(name)) {
                throw new IllegalArgumentException("field: " + FieldSyntax.quote(name)
                        + " (expected: a field name, and not one that the engine writes itself)");
            }
            return name;
        }

        /** The edits. */
        public HeaderEdits build() {
            return new HeaderEdits(this);
        }
    }
}
