package dev.lawu.examples.gateway;

import dev.lawu.proxy.http.FieldSyntax;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the gateway was asked for.
 *
 * @param config the file; null for the demo
 * @param port the demo's port
 */
record CommandLine(Action action, @Nullable Path config, int port) {
    static final int DEMO_PORT = 8080;

    static final String USAGE = """
            Usage: gateway [--port N]                 the demo: an origin of its own, and a proxy on 127.0.0.1:N (default 8080)
                   gateway --config FILE              runs what the file says; docs/gateway.md tells its keys
                   gateway --config FILE --validate   checks the file only
                   gateway --help | --version

            SIGTERM or SIGINT (Ctrl-C) drains and exits with 0; a second one halts at once.
            Exit codes: 0 done; 1 the file is wrong, or the gateway cannot start; 2 the command line is wrong.
            """;

    private static final List<String> OPTIONS = List.of("--config", "--validate", "--port", "--help", "--version");

    /** What to do. */
    enum Action {
        RUN,
        VALIDATE,
        HELP,
        VERSION
    }

    /** The command line is wrong. */
    static final class UsageException extends Exception {
        private static final long serialVersionUID = 1;

        UsageException(String message) {
            super(message);
        }
    }

    static CommandLine parse(String... arguments) throws UsageException {
        Path config = null;
        int port = -1;
        boolean validate = false;
        for (int i = 0; i < arguments.length; i++) {
            String argument = arguments[i];
            int equals = argument.startsWith("--") ? argument.indexOf('=') : -1;
            String option = equals < 0 ? argument : argument.substring(0, equals);
            boolean takesValue = option.equals("--config") || option.equals("--port");
            if (equals >= 0 && !takesValue && OPTIONS.contains(option)) {
                throw new UsageException(option + ": found a value (expected: none)");
            }
            String value = "";
            if (takesValue && equals >= 0) {
                value = argument.substring(equals + 1);
            } else if (takesValue && i + 1 < arguments.length) {
                value = arguments[++i];
            }
            switch (option) {
                case "--help", "-h" -> {
                    return new CommandLine(Action.HELP, null, DEMO_PORT);
                }
                case "--version" -> {
                    return new CommandLine(Action.VERSION, null, DEMO_PORT);
                }
                case "--validate" -> validate = true;
                case "--config" -> config = path(value);
                case "--port" -> port = port(value);
                default ->
                    throw new UsageException((option.startsWith("-") ? "unknown option: " : "unknown argument: ")
                            + FieldSyntax.quote(option) + " (expected: one of " + String.join(", ", OPTIONS)
                            + Suggestion.of(option, OPTIONS) + ")");
            }
        }
        if (validate && config == null) {
            throw new UsageException("--validate: found no file to check (expected: --config FILE)");
        }
        if (config != null && port >= 0) {
            throw new UsageException(
                    "--port: found with --config (expected: listeners[0].address in the file instead)");
        }
        return new CommandLine(validate ? Action.VALIDATE : Action.RUN, config, port < 0 ? DEMO_PORT : port);
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
