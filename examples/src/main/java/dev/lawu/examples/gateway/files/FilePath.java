package dev.lawu.examples.gateway.files;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What a request's path asks for below a directory.
 *
 * @param relative decoded names with slashes between them; empty for the directory itself
 * @param isDirectory whether the path ends with a slash
 */
record FilePath(String relative, boolean isDirectory) {
    /**
     * Reads a path; null if it names nothing that may be shown: with empty or dot segments, encoded slashes, backslashes or controls, or encodings that are none.
     *
     * @param showsHidden whether names that begin with a dot are shown; {@code .well-known} (RFC 8615) always is
     */
    static @Nullable FilePath of(String path, boolean showsHidden) {
        if (!path.startsWith("/")) {
            return null;
        }
        StringBuilder relative = new StringBuilder(path.length());
        int from = 1;
        while (from < path.length()) {
            int slash = path.indexOf('/', from);
            int end = slash < 0 ? path.length() : slash;
            String name = decode(path.substring(from, end));
            if (name == null || !isName(name) || name.startsWith(".") && !showsHidden && !name.equals(".well-known")) {
                return null;
            }
            relative.append(relative.isEmpty() ? "" : "/").append(name);
            from = end + 1;
        }
        return new FilePath(relative.toString(), path.endsWith("/"));
    }

    private static boolean isName(String name) {
        return !name.isEmpty()
                && !name.equals(".")
                && !name.equals("..")
                && name.chars().allMatch(c -> c >= ' ' && c != 0x7F && c != '/' && c != '\\');
    }

    private static @Nullable String decode(String segment) {
        if (segment.indexOf('%') < 0) {
            return segment;
        }
        ByteBuffer bytes = ByteBuffer.allocate(segment.length());
        for (int i = 0; i < segment.length(); i++) {
            char c = segment.charAt(i);
            if (c != '%') {
                bytes.put((byte) c); // a target is ASCII
                continue;
            }
            int high = i + 2 < segment.length() ? Character.digit(segment.charAt(i + 1), 16) : -1;
            int low = high < 0 ? -1 : Character.digit(segment.charAt(i + 2), 16);
            if (low < 0) {
                return null;
            }
            bytes.put((byte) (high << 4 | low));
            i += 2;
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }
}
