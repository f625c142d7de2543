package dev.lawu.examples.gateway.config;

import java.util.List;

/** Reads the name of a protocol. Stateless. */
final class Protocol {
    private static final String PLAIN_HTTP = "http/1.1, the one protocol that is built";

    private Protocol() {}

    static void read(ConfigValue value) {
        String name = value.text(PLAIN_HTTP);
        if (name == null || name.equals("http/1.1")) {
            return;
        }
        if (List.of("h2", "h2c", "h3").contains(name)) {
            value.problem(value.found() + ", which is not built yet", PLAIN_HTTP);
        } else {
            value.reject(PLAIN_HTTP + Suggestion.of(name, List.of("http/1.1")));
        }
    }
}
