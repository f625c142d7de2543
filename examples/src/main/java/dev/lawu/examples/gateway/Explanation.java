package dev.lawu.examples.gateway;

import dev.lawu.examples.gateway.CommandLine.Question;
import dev.lawu.examples.gateway.proxy.Route;
import dev.lawu.examples.gateway.route.RequestPath;
import dev.lawu.examples.gateway.route.RequestView;
import dev.lawu.examples.gateway.route.RouteTable;
import dev.lawu.proxy.TrustedProxies;
import dev.lawu.proxy.http.RequestHead;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Tells which route a request would take, and why. Stateless. */
final class Explanation {
    private static final String ORDER = """
            Routes are tried by priority; then host: exact, longest wildcard, any; then path: exact, longest beginning, regex before prefix;
            then the number of conditions; then their order in the file.
            """;

    private Explanation() {}

    /** Throws {@link IllegalArgumentException} if the question makes no request. */
    static String of(List<Route> routes, Question question) {
        RequestView view = request(question);
        String target = view.request().target();
        StringBuilder text = new StringBuilder();
        if (RequestPath.hasDotSegment(target, RequestPath.end(target))) {
            return "400: the path has a dot segment; no route is looked at\n";
        }
        boolean isTaken = false;
        int number = 0;
        for (RouteTable.Step<Route> step : new RouteTable<>(routes, Route::match).explain(view)) {
            Route route = step.route();
            String verdict = isTaken ? "less specific" : step.unmet() == null ? "TAKEN" : "not met: " + step.unmet();
            text.append("%d. %s: %s: %s%n".formatted(++number, route.name(), route.match(), verdict));
            isTaken |= step.unmet() == null;
        }
        if (!isTaken) {
            text.append("404: no route is taken\n");
        }
        return text.append(ORDER).toString();
    }

    private static RequestView request(Question question) {
        try {
            URI uri = new URI(question.url());
            String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
            RequestHead head = RequestHead.of(
                    question.method(), uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery());
            if (uri.getRawAuthority() != null) {
                head.headers().set("Host", uri.getRawAuthority());
            }
            for (String header : question.headers()) {
                int colon = header.indexOf(':');
                if (colon < 1) {
                    throw new IllegalArgumentException("--header: \"" + header + "\" (expected: \"NAME: VALUE\")");
                }
                head.headers()
                        .add(
                                header.substring(0, colon),
                                header.substring(colon + 1).trim());
            }
            String scheme = Objects.requireNonNullElse(uri.getScheme(), "http");
            return new Asked(head, client(question.client()), scheme);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(
                    "--explain: \"" + question.url() + "\" (expected: a URL such as http://www.example.com/a)", e);
        }
    }

    private static @Nullable InetSocketAddress client(@Nullable String address) {
        if (address == null) {
            return null;
        }
        try {
            TrustedProxies.of(address); // refuses names, which would be looked up
            return new InetSocketAddress(InetAddress.getByName(address), 0);
        } catch (IllegalArgumentException | UnknownHostException e) {
            throw new IllegalArgumentException(
                    "--client: \"" + address + "\" (expected: an IP address such as 10.0.0.1)", e);
        }
    }

    private record Asked(RequestHead request, @Nullable InetSocketAddress clientAddress, String scheme)
            implements RequestView {}
}
