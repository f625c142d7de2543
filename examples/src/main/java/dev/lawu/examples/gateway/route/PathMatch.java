package dev.lawu.examples.gateway.route;

import com.google.re2j.Pattern;
import org.jspecify.annotations.Nullable;

/** What a route asks of a path. Immutable. Paths are compared with unreserved characters decoded ({@link RequestPath#decodeUnreserved}). */
public final class PathMatch {
    /** Matches every path. */
    public static final PathMatch ALL = prefix("/");

    /** How the path is compared. */
    public enum Kind {
        EXACT,
        REGEX,
        PREFIX
    }

    private final Kind kind;
    private final String text;
    private final String literal;
    private final @Nullable Pattern pattern;

    private PathMatch(Kind kind, String text, String literal, @Nullable Pattern pattern) {
        this.kind = kind;
        this.text = text;
        this.literal = literal;
        this.pattern = pattern;
    }

    /** The whole path. Throws {@link IllegalArgumentException} if it does not begin with a slash. */
    public static PathMatch exact(String path) {
        return new PathMatch(Kind.EXACT, requirePath(path), path, null);
    }

    /** Whole segments: {@code /api} matches {@code /api} and what is below it, {@code /api/} only what is below it. */
    public static PathMatch prefix(String path) {
        return new PathMatch(Kind.PREFIX, requirePath(path), path, null);
    }

    /** The whole path, by a regular expression (RE2 syntax: its time grows with the path only). Throws {@link com.google.re2j.PatternSyntaxException} if it is none. */
    public static PathMatch regex(String regex) {
        return new PathMatch(Kind.REGEX, regex, RegexLiteral.directory(regex), Pattern.compile(regex));
    }

    private static String requirePath(String path) {
        if (!path.startsWith("/")) {
            throw new IllegalArgumentException("path: \"" + path + "\" (expected: one that begins with /)");
        }
        return path;
    }

    /** How the path is compared. */
    public Kind kind() {
        return kind;
    }

    /** The path, the prefix or the regular expression. */
    public String text() {
        return text;
    }

    /** The path or prefix; for a regular expression the text that all its paths begin with, up to its last slash. */
    String literal() {
        return literal;
    }

    /** The regular expression; null if this is none. */
    public @Nullable Pattern pattern() {
        return pattern;
    }

    /** True if this path, without a query and with unreserved characters decoded, is as asked for. */
    boolean matches(String path) {
        return switch (kind) {
            case EXACT -> path.equals(text);
            case REGEX -> pattern != null && pattern.matches(path);
            case PREFIX ->
                text.equals("/") || path.startsWith(text) && (text.endsWith("/") || endsSegment(path, text.length()));
        };
    }

    private static boolean endsSegment(String path, int at) {
        return at == path.length() || path.charAt(at) == '/';
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof PathMatch match && kind == match.kind && text.equals(match.text);
    }

    @Override
    public int hashCode() {
        return 31 * kind.hashCode() + text.hashCode();
    }

    @Override
    public String toString() {
        return switch (kind) {
            case EXACT -> "exactly " + text;
            case REGEX -> "regex " + text;
            case PREFIX -> "prefix " + text;
        };
    }
}
