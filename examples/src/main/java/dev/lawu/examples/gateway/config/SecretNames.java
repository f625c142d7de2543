package dev.lawu.examples.gateway.config;

import java.util.regex.Pattern;

/** Names whose values are not shown. Stateless. */
final class SecretNames {
    /** What is shown instead. */
    static final String MASK = "***";

    private static final Pattern SECRET =
            Pattern.compile("auth|cookie|key|password|secret|token|session", Pattern.CASE_INSENSITIVE);

    private SecretNames() {}

    static boolean contains(String name) {
        return SECRET.matcher(name).find();
    }
}
