package dev.lawu.examples.gateway.config;

import java.util.Collection;
import java.util.Locale;

/** Finds what a misspelt word was meant to be. Stateless. */
public final class Suggestion {
    private Suggestion() {}

    /** {@code ; did you mean "WORD"?} for the nearest of these words; empty if none is near. */
    public static String of(String found, Collection<String> words) {
        String lower = found.toLowerCase(Locale.ROOT).replace('_', '-');
        // More than a third changed is another word. Long texts are not worth the work.
        int best = Math.min(Math.max(found.length() / 3, 1), 3) + 1;
        String nearest = "";
        if (found.length() <= 100) {
            for (String word : words) {
                int distance = distance(lower, word.toLowerCase(Locale.ROOT));
                if (distance < best) {
                    best = distance;
                    nearest = word;
                }
            }
        }
        return nearest.isEmpty() ? "" : "; did you mean \"" + nearest + "\"?";
    }

    /** How many characters must be put in, left out, changed or swapped with their neighbour. */
    private static int distance(String a, String b) {
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    d[i][j] = i + j;
                    continue;
                }
                int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                d[i][j] = Math.min(d[i - 1][j - 1] + change, Math.min(d[i - 1][j], d[i][j - 1]) + 1);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }
        return d[a.length()][b.length()];
    }
}
