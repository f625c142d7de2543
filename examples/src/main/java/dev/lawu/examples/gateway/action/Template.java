package dev.lawu.examples.gateway.action;

import com.google.re2j.Pattern;
import dev.lawu.examples.gateway.route.Condition;
import dev.lawu.examples.gateway.route.HostName;
import dev.lawu.examples.gateway.route.QueryParameters;
import dev.lawu.proxy.http.FieldSyntax;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A text with variables: <code>https://{host}{uri}</code>; <code>{{</code> and <code>}}</code> for braces. Immutable.
 *
 * <p>What a variable stands for is put in as it came: percent-encoding stays, so that it cannot become a delimiter. Nothing in a head that was received can end a line, so no line can be forged.
 */
public final class Template {
    /** Every variable, as messages tell them. */
    public static final String VARIABLES =
            "client-address, scheme, host, authority, method, path, query, uri, request-id, peer, regex.GROUP, header.NAME, query.NAME, cookie.NAME";

    private final String text;
    private final List<Function<RequestVariables, String>> parts;

    private Template(String text, List<Function<RequestVariables, String>> parts) {
        this.text = text;
        this.parts = parts;
    }

    /**
     * Reads a template.
     *
     * @param regex the route's, whose groups may be used; null if it has none
     * @throws IllegalArgumentException if it is none; the message says what was found and what was expected
     */
    public static Template parse(String text, @Nullable Pattern regex) {
        List<Function<RequestVariables, String>> parts = new ArrayList<>();
        StringBuilder literal = new StringBuilder();
        boolean hasVariables = false;
        for (int at = 0; at < text.length(); at++) {
            char c = text.charAt(at);
            boolean isDouble = at + 1 < text.length() && text.charAt(at + 1) == c;
            if (c != '{' && c != '}' || isDouble) {
                literal.append(c);
                at += c == '{' || c == '}' ? 1 : 0;
                continue;
            }
            int end = text.indexOf('}', at);
            if (c == '}' || end < 0) {
                throw new IllegalArgumentException(
                        "a \"" + c + "\" without its counterpart (expected: {VARIABLE}, or \"" + c + c
                                + "\" for a literal \"" + c + "\")");
            }
            addLiteral(parts, literal);
            parts.add(variable(text.substring(at + 1, end), regex));
            hasVariables = true;
            at = end;
        }
        if (!hasVariables) {
            return new Template(literal.toString(), List.of());
        }
        addLiteral(parts, literal);
        return new Template(text, List.copyOf(parts));
    }

    private static void addLiteral(List<Function<RequestVariables, String>> parts, StringBuilder literal) {
        if (!literal.isEmpty()) {
            String part = literal.toString();
            parts.add(variables -> part);
            literal.setLength(0);
        }
    }

    private static Function<RequestVariables, String> variable(String name, @Nullable Pattern regex) {
        int dot = name.indexOf('.');
        String of = name.substring(dot + 1);
        if (dot > 0 && !of.isEmpty()) {
            switch (name.substring(0, dot)) {
                case "regex" -> {
                    return group(of, regex);
                }
                case "header" -> {
                    if (FieldSyntax.isToken(of)) {
                        return variables ->
                                orEmpty(variables.request().headers().get(of));
                    }
                }
                case "query" -> {
                    return variables ->
                            QueryParameters.rawValue(variables.request().query(), of);
                }
                case "cookie" -> {
                    return variables -> Condition.Cookie.values(variables.request(), of).stream()
                            .findFirst()
                            .orElse("");
                }
                default -> {}
            }
        }
        return switch (name) {
            case "client-address" -> RequestVariables::clientHost;
            case "scheme" -> RequestVariables::scheme;
            case "host" -> variables -> HostName.of(orEmpty(variables.request().authority()));
            case "authority" -> variables -> orEmpty(variables.request().authority());
            case "method" -> variables -> variables.request().method();
            case "path" -> variables -> variables.request().path();
            case "query" -> variables -> orEmpty(variables.request().query());
            case "uri" -> variables -> variables.request().target();
            case "request-id" -> RequestVariables::requestId;
            case "peer" -> RequestVariables::peer;
            default ->
                throw new IllegalArgumentException(
                        "the variable {" + name + "}, which is not known (expected: one of " + VARIABLES + ")");
        };
    }

    private static Function<RequestVariables, String> group(String name, @Nullable Pattern regex) {
        if (regex == null) {
            throw new IllegalArgumentException("the variable {regex." + name
                    + "} without a regular expression (expected: match.regex in the same route)");
        }
        Integer group = regex.namedGroups().get(name);
        if (group == null && name.length() < 4 && name.chars().allMatch(c -> c >= '0' && c <= '9')) {
            group = Integer.valueOf(name);
        }
        if (group == null || group > regex.groupCount()) {
            throw new IllegalArgumentException("the variable {regex." + name + "}, a group that \"" + regex.pattern()
                    + "\" has not (expected: 0 to " + regex.groupCount()
                    + (regex.namedGroups().isEmpty()
                            ? ""
                            : ", " + String.join(", ", regex.namedGroups().keySet()))
                    + ")");
        }
        int number = group;
        return variables -> variables.group(regex, number);
    }

    private static String orEmpty(@Nullable String text) {
        return Objects.requireNonNullElse(text, "");
    }

    /** True if there is no variable in it. */
    public boolean isConstant() {
        return parts.isEmpty();
    }

    /** The text, with each variable replaced. */
    public String expand(RequestVariables variables) {
        if (parts.isEmpty()) {
            return text;
        }
        StringBuilder expanded = new StringBuilder(64);
        for (int i = 0; i < parts.size(); i++) {
            expanded.append(parts.get(i).apply(variables));
        }
        return expanded.toString();
    }

    /** As it was written, if it has variables. */
    @Override
    public String toString() {
        return text;
    }
}
