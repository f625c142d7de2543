package dev.lawu.examples.gateway.config;

import java.util.List;
import java.util.stream.Collectors;

/** A file that cannot be used; says everything that is wrong with it. */
public final class ConfigException extends Exception {
    private static final long serialVersionUID = 1;

    private final transient List<ConfigProblem> problems;

    ConfigException(List<ConfigProblem> problems) {
        super(problems.stream().map(ConfigProblem::toString).collect(Collectors.joining("\n")));
        this.problems = List.copyOf(problems);
    }

    /** In the order of their lines. */
    public List<ConfigProblem> problems() {
        return problems;
    }
}
