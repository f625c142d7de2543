package dev.lawu.proxy.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a head or of a trailer section, in their order and with the case of their names kept (RFC 9110, section 5). Not thread-safe.
 *
 * <p>Names are found in any case. Values are strings in which each character is a byte (ISO 8859-1), so that every value that may be received can be read and sent on unchanged. What is added is
 * checked: a name that is not a token, or a value with a control character, is refused with {@link IllegalArgumentException} and nothing is changed.
 *
 * <p>The fields of an exchange belong to it: after {@code logging} every method throws {@link IllegalStateException}. {@link #copy()} keeps them.
 */
public final class Headers {
    private @Nullable FieldSection section;

    /** Wraps a section; for codecs. */
    public Headers(FieldSection section) {
        this.section = section;
    }

    /** Creates an empty collection that belongs to the caller. */
    public static Headers create() {
        return new Headers(new FieldSection(256, 8));
    }

    /** Creates a collection from names and values in turn. */
    public static Headers of(String... namesAndValues) {
        if (namesAndValues.length % 2 != 0) {
            throw new IllegalArgumentException(
                    "namesAndValues: " + namesAndValues.length + " strings (expected: an even number)");
        }
        Headers headers = create();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            headers.add(namesAndValues[i], namesAndValues[i + 1]);
        }
        return headers;
    }

    /** The storage; for codecs. Throws {@link IllegalStateException} once the exchange has ended. */
    public FieldSection section() {
        FieldSection s = section;
        if (s == null) {
            throw new IllegalStateException(
                    "these fields belong to an exchange that has ended (expected: copy() before the end)");
        }
        return s;
    }

    /** Ends the use of these fields and gives the storage back; for the engine. Null if that was done before. */
    public @Nullable FieldSection retire() {
        FieldSection s = section;
        section = null;
        return s;
    }

    /** True once the exchange has ended and these fields may not be used any more. */
    public boolean isRetired() {
        return section == null;
    }

    /** The first value of this name; null if there is none. */
    public @Nullable String get(String name) {
        FieldSection s = section();
        int i = s.find(name, 0);
        return i < 0 ? null : s.value(i);
    }

    /** The first value of this name; null if there is none. */
    public @Nullable String get(FieldName name) {
        FieldSection s = section();
        int i = s.find(name, 0);
        return i < 0 ? null : s.value(i);
    }

    /** All values of this name in their order, one for each line; empty if there is none. */
    public List<String> getAll(String name) {
        FieldSection s = section();
        List<String> values = new ArrayList<>(2);
        for (int i = s.find(name, 0); i >= 0; i = s.find(name, i + 1)) {
            values.add(s.value(i));
        }
        return values;
    }

    /** True if there is a field of this name. */
    public boolean contains(String name) {
        return section().find(name, 0) >= 0;
    }

    /** True if there is a field of this name. */
    public boolean contains(FieldName name) {
        return section().find(name, 0) >= 0;
    }

    /** True if a comma-separated list in one of the fields of this name has this member, in any case (RFC 9110, section 5.6.1). */
    public boolean containsToken(FieldName name, String token) {
        FieldSection s = section();
        for (int i = s.find(name, 0); i >= 0; i = s.find(name, i + 1)) {
            if (hasToken(s, i, token)) {
                return true;
            }
        }
        return false;
    }

    private static boolean hasToken(FieldSection s, int i, String token) {
        byte[] bytes = s.array();
        int at = s.valueStart(i);
        int end = at + s.valueLength(i);
        while (at < end) {
            int comma = at;
            while (comma < end && bytes[comma] != ',') {
                comma++;
            }
            int from = at;
            int to = comma;
            while (from < to && (bytes[from] == ' ' || bytes[from] == '\t')) {
                from++;
            }
            while (to > from && (bytes[to - 1] == ' ' || bytes[to - 1] == '\t')) {
                to--;
            }
            if (to - from == token.length() && s.latin1(from, to - from).equalsIgnoreCase(token)) {
                return true;
            }
            at = comma + 1;
        }
        return false;
    }

    /** Adds a field behind the others. */
    public Headers add(String name, String value) {
        FieldSyntax.requireName(name);
        section().append(name, FieldSyntax.requireValue(name, value));
        return this;
    }

    /** Replaces all fields of this name by one, in the place of the first; adds it if there was none. */
    public Headers set(String name, String value) {
        FieldSyntax.requireName(name);
        String checked = FieldSyntax.requireValue(name, value);
        FieldSection s = section();
        int first = s.find(name, 0);
        if (first < 0) {
            s.append(name, checked);
            return this;
        }
        for (int i = s.find(name, first + 1); i >= 0; i = s.find(name, i + 1)) {
            s.remove(i);
        }
        s.replaceValue(first, checked);
        return this;
    }

    /** Removes all fields of this name and says whether there was one. */
    public boolean remove(String name) {
        FieldSection s = section();
        boolean found = false;
        for (int i = s.find(name, 0); i >= 0; i = s.find(name, i + 1)) {
            s.remove(i);
            found = true;
        }
        return found;
    }

    /** Removes all fields of this name and says whether there was one. */
    public boolean remove(FieldName name) {
        return section().removeAll(name);
    }

    /** The number of fields. */
    public int size() {
        return section().size();
    }

    /** True if there is no field. */
    public boolean isEmpty() {
        return section().size() == 0;
    }

    /** Calls the action with each name and value, in order. The action must not edit these fields. */
    public void forEach(BiConsumer<String, String> action) {
        Objects.requireNonNull(action, "action");
        FieldSection s = section();
        for (int i = 0; i < s.slots(); i++) {
            if (s.isLive(i)) {
                action.accept(s.name(i), s.value(i));
            }
        }
    }

    /** A copy that belongs to the caller and outlives the exchange. */
    public Headers copy() {
        FieldSection copy = new FieldSection(section().end() + 64, section().slots() + 4);
        copy.copyFrom(section());
        return new Headers(copy);
    }

    /**
     * The value of {@code Content-Length}; -1 if the field is absent.
     *
     * @throws IllegalStateException if an edit left a value there that is not one decimal number of at most 18 digits
     */
    public long contentLength() {
        FieldSection s = section();
        int i = s.find(FieldName.CONTENT_LENGTH, 0);
        if (i < 0) {
            return -1;
        }
        byte[] bytes = s.array();
        int at = s.valueStart(i);
        int length = s.valueLength(i);
        long value = 0;
        boolean valid = length > 0 && length <= 18 && s.find(FieldName.CONTENT_LENGTH, i + 1) < 0;
        for (int k = 0; valid && k < length; k++) {
            int digit = bytes[at + k] - '0';
            valid = digit >= 0 && digit <= 9;
            value = value * 10 + digit;
        }
        if (!valid) {
            throw new IllegalStateException(
                    "Content-Length: " + FieldSyntax.quote(s.value(i)) + " (expected: one field of 1 to 18 digits)");
        }
        return value;
    }

    @Override
    public String toString() {
        FieldSection s = section;
        return s == null ? "(ended)" : s.toString();
    }
}
