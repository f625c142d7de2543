package dev.lawu.examples.gateway;

import dev.lawu.examples.gateway.config.Suggestion;
import dev.lawu.proxy.http.FieldSyntax;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * What the gateway was asked for.
 *
 * @param config the file; null for the demo
 * @param port the demo's port
 * @param question what is to be explained; null if nothing is
 */
record CommandLine(
        Action action,
        @Nullable Path config,
        int port,
        @Nullable Question question) {
    static final int DEMO_PORT = 8080;

    static final String USAGE = """
            Usage: gateway [--port N]                     the demo: an origin of its own, and a proxy on 127.0.0.1:N (default 8080)
                   gateway --config FILE                  runs what the file says; docs/gateway.md tells its keys
                   gateway --config FILE --validate       checks the file only
                   gateway --config FILE --print-config   prints what it says as one file, with defaults and without secrets
                   gateway --config FILE --explain METHOD URL [--header "NAME: VALUE"]... [--client ADDRESS]
                                                          tells which route such a request takes, and why
                   gateway --hash-password                reads a password from standard input, and prints its hash for basic-auth
                   gateway --help | --version

            SIGTERM or SIGINT (Ctrl-C) drains and exits with 0; a second one halts at once.
            Exit codes: 0 done; 1 the file is wrong, or the gateway cannot start; 2 the command line is wrong.
            """;

    private static final List<String> OPTIONS = List.of(
            "--config",
            "--validate",
            "--print-config",
            "--explain",
            "--header",
            "--client",
            "--hash-password",
            "--port",
            "--help",
            "--version");
    private static final List<String> WITH_VALUE = List.of("--config", "--header", "--client", "--port");

    /** What to do. */
    enum Action {
        RUN,
        VALIDATE,
        PRINT_CONFIG,
        EXPLAIN,
        HASH_PASSWORD,
        HELP,
        VERSION
    }

    /**
     * A request to explain.
     *
     * @param headers {@code NAME: VALUE} each
     * @param client an address; null if that is not known
     */
    record Question(
            String method,
            String url,
            List<String> headers,
            @Nullable String client) {}

    /** The command line is wrong. */
    static final class UsageException extends Exception {
        private static final long serialVersionUID = 1;

        UsageException(String message) {
            super(message);
        }
    }

    static CommandLine parse(String... arguments) throws UsageException {
        Queue<String> rest = new ArrayDeque<>(List.of(arguments));
        Action action = Action.RUN;
        Path config = null;
        int port = -1;
        String client = null;
        String[] request = {};
        List<String> headers = new ArrayList<>();
        while (!rest.isEmpty()) {
            String argument = rest.remove();
            int equals = argument.startsWith("--") ? argument.indexOf('=') : -1;
            String option = equals < 0 ? argument : argument.substring(0, equals);
            boolean takesValue = WITH_VALUE.contains(option);
            if (equals >= 0 && !takesValue && OPTIONS.contains(option)) {
                throw new UsageException(option + ": found a value (expected: none)");
            }
            String value = "";
            if (takesValue) {
                value = equals >= 0 ? argument.substring(equals + 1) : rest.isEmpty() ? "" : rest.remove();
            }
            switch (option) {
                case "--help", "-h" -> {
                    return new CommandLine(Action.HELP, null, DEMO_PORT, null);
                }
                case "--version" -> {
                    return new CommandLine(Action.VERSION, null, DEMO_PORT, null);
                }
                case "--validate" -> action = one(action, Action.VALIDATE, option);
                case "--print-config" -> action = one(action, Action.PRINT_CONFIG, option);
                case "--hash-password" -> action = one(action, Action.HASH_PASSWORD, option);
                case "--explain" -> {
                    action = one(action, Action.EXPLAIN, option);
                    request = new String[] {next(rest), next(rest)};
                }
                case "--header" -> headers.add(value);
                case "--client" -> client = value;
                case "--config" -> config = path(value);
                case "--port" -> port = port(value);
                default ->
                    throw new UsageException((option.startsWith("-") ? "unknown option: " : "unknown argument: ")
                            + FieldSyntax.quote(option) + " (expected: one of " + String.join(", ", OPTIONS)
                            + Suggestion.of(option, OPTIONS) + ")");
            }
        }
        boolean needsFile = action != Action.RUN && action != Action.HASH_PASSWORD;
        if (needsFile && config == null) {
            throw new UsageException(option(action) + ": found no file (expected: --config FILE)");
        }
        if (config != null && port >= 0) {
            throw new UsageException(
                    "--port: found with --config (expected: listeners[0].address in the file instead)");
        }
        if (action != Action.EXPLAIN && (client != null || !headers.isEmpty())) {
            throw new UsageException(
                    (client == null ? "--header" : "--client") + ": found without --explain (expected: both)");
        }
        Question question =
                action == Action.EXPLAIN ? new Question(request[0], request[1], List.copyOf(headers), client) : null;
        return new CommandLine(action, config, port < 0 ? DEMO_PORT : port, question);
    }

    private static Action one(Action before, Action action, String option) throws UsageException {
        if (before != Action.RUN && before != action) {
            throw new UsageException(option + ": found with " + option(before) + " (expected: one of them)");
        }
        return action;
    }

    private static String option(Action action) {
        return switch (action) {
            case VALIDATE -> "--validate";
            case PRINT_CONFIG -> "--print-config";
            case EXPLAIN -> "--explain";
            case HASH_PASSWORD -> "--hash-password";
            default -> "";
        };
    }

    private static String next(Queue<String> rest) throws UsageException {
        String next = rest.poll();
        if (next == null || next.startsWith("--")) {
            throw new UsageException("--explain: found " + (next == null ? "too little" : FieldSyntax.quote(next))
                    + " (expected: METHOD URL, such as GET http://www.example.com/a)");
        }
        return next;
    }

    private static Path path(String value) throws UsageException {
        try {
            if (!value.isEmpty()) {
                return Path.of(value);
            }
        } catch (InvalidPathException e) {
            throw new UsageException("--config: " + FieldSyntax.quote(value) + " (expected: a file)");
        }
        throw new UsageException("--config: found nothing (expected: a file)");
    }

    private static int port(String value) throws UsageException {
        try {
            int port = Integer.parseInt(value);
            if (port >= 0 && port <= 65_535) {
                return port;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new UsageException("--port: " + FieldSyntax.quote(value) + " (expected: 0..65535; 0 for a free port)");
    }
}
