package dev.lawu.examples.gateway.config;

import java.nio.file.Path;

/**
 * One mistake in a file.
 *
 * @param line from 1
 * @param key where in the file, as {@code routes[2].match.host}; empty for the whole file
 * @param found what is there
 * @param expected what should be there
 */
public record ConfigProblem(Path file, int line, String key, String found, String expected) {
    /** {@code FILE:LINE: KEY: found FOUND (expected: EXPECTED)}. */
    @Override
    public String toString() {
        return file + ":" + line + ": " + (key.isEmpty() ? "" : key + ": ") + "found " + found + " (expected: "
                + expected + ")";
    }
}
