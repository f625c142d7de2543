package dev.lawu.examples.gateway.route;

import com.google.re2j.Pattern;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a field, a query parameter or a cookie must be. Immutable. */
public final class TextMatch {
    /** There is one, whatever it says. */
    public static final TextMatch PRESENT = new TextMatch(Kind.PRESENT, "", null);

    /** There is none. */
    public static final TextMatch ABSENT = new TextMatch(Kind.ABSENT, "", null);

    private enum Kind {
        PRESENT,
        ABSENT,
        EXACT,
        PREFIX,
        REGEX
    }

    private final Kind kind;
    private final String text;
    private final @Nullable Pattern pattern;

    private TextMatch(Kind kind, String text, @Nullable Pattern pattern) {
        this.kind = kind;
        this.text = text;
        this.pattern = pattern;
    }

    /** Exactly this, case included. */
    public static TextMatch exact(String text) {
        return new TextMatch(Kind.EXACT, text, null);
    }

    /** What begins with this. */
    public static TextMatch prefix(String text) {
        return new TextMatch(Kind.PREFIX, text, null);
    }

    /** What this regular expression (RE2 syntax) matches as a whole. Throws {@link com.google.re2j.PatternSyntaxException} if it is none. */
    public static TextMatch regex(String text) {
        return new TextMatch(Kind.REGEX, text, Pattern.compile(text));
    }

    /** True if one of the values is as asked for; if none is asked for, if there is none. */
    boolean matchesAny(List<String> values) {
        if (kind == Kind.ABSENT) {
            return values.isEmpty();
        }
        for (String value : values) {
            if (matches(value)) {
                return true;
            }
        }
        return false;
    }

    private boolean matches(String value) {
        return switch (kind) {
            case PRESENT -> true;
            case ABSENT -> false;
            case EXACT -> value.equals(text);
            case PREFIX -> value.startsWith(text);
            case REGEX -> pattern != null && pattern.matches(value);
        };
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TextMatch match && kind == match.kind && text.equals(match.text);
    }

    @Override
    public int hashCode() {
        return 31 * kind.hashCode() + text.hashCode();
    }

    @Override
    public String toString() {
        return switch (kind) {
            case PRESENT -> "present";
            case ABSENT -> "absent";
            case EXACT -> "\"" + text + "\"";
            case PREFIX -> "prefix \"" + text + "\"";
            case REGEX -> "regex " + text;
        };
    }
}
