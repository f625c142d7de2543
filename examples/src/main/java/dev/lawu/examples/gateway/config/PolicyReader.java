package dev.lawu.examples.gateway.config;

import com.google.re2j.Pattern;
import dev.lawu.examples.gateway.action.ErrorPages;
import dev.lawu.examples.gateway.action.ErrorPages.Page;
import dev.lawu.examples.gateway.action.HeaderEdits;
import dev.lawu.examples.gateway.action.Template;
import dev.lawu.examples.gateway.proxy.PeerTimeouts;
import dev.lawu.examples.gateway.proxy.RetryPolicy;
import dev.lawu.examples.gateway.proxy.RoutePolicy;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads what a route does beside sending requests on: the keys that {@code route-defaults} may have, too. A key that is there replaces the default as a whole. */
final class PolicyReader {
    /** What means something only where requests are sent on. */
    static final List<String> UPSTREAM_ONLY =
            List.of("upstream-host", "request-headers", "timeouts", "retries", "max-body");

    private static final String AUTHORITY_EXPECTED =
            "a host such as app.internal or app.internal:8080, {peer}, or another text with variables";
    private static final java.util.regex.Pattern AUTHORITY =
            java.util.regex.Pattern.compile("([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+])(:[0-9]{1,5})?");
    private static final java.util.regex.Pattern STATUS = java.util.regex.Pattern.compile("[45]([0-9][0-9]|xx)");
    private static final int MAX_PAGE = 1 << 20;

    private final ConfigSection section;
    private final @Nullable Pattern regex;
    private final RoutePolicy.Builder policy;

    private PolicyReader(ConfigSection section, @Nullable Pattern regex, RoutePolicy.Builder policy) {
        this.section = section;
        this.regex = regex;
        this.policy = policy;
    }

    /**
     * Reads these keys of a section.
     *
     * @param regex whose groups templates may use; null if there is none
     * @param defaults what holds where a key is absent
     */
    static RoutePolicy.Builder read(ConfigSection section, @Nullable Pattern regex, RoutePolicy defaults) {
        RoutePolicy.Builder policy = defaults.toBuilder();
        new PolicyReader(section, regex, policy).read();
        return policy;
    }

    private void read() {
        upstreamHost(section.optional("upstream-host"));
        HeaderEdits requestHeaders = edits(section.optional("request-headers"));
        if (requestHeaders != null) {
            policy.requestHeaders(requestHeaders);
        }
        HeaderEdits responseHeaders = edits(section.optional("response-headers"));
        if (responseHeaders != null) {
            policy.responseHeaders(responseHeaders);
        }
        errorPages(section.optional("error-pages"));
        maxBody(section.optional("max-body"));
        timeouts(section.optional("timeouts"));
        retries(section.optional("retries"));
        FilterReader.read(section, policy);
    }

    private @Nullable HeaderEdits edits(@Nullable ConfigValue value) {
        return value == null ? null : TemplateReader.edits(value, regex);
    }

    private void upstreamHost(@Nullable ConfigValue value) {
        Template template = value == null ? null : TemplateReader.read(value, regex, AUTHORITY_EXPECTED);
        if (value == null || template == null) {
            return;
        }
        if (template.isConstant() && !AUTHORITY.matcher(template.toString()).matches()) {
            value.reject(AUTHORITY_EXPECTED);
        }
        policy.upstreamHost(template);
    }

    private void maxBody(@Nullable ConfigValue value) {
        if (value == null) {
            return;
        }
        if (value.isWord("none")) {
            value.text("none");
            policy.maxBody(-1);
            return;
        }
        Long most = value.size(0, 1L << 62);
        if (most != null) {
            policy.maxBody(most);
        }
    }

    private void timeouts(@Nullable ConfigValue value) {
        ConfigSection timeouts = value == null ? null : value.section("a mapping such as { response-head: 5s }");
        if (timeouts == null) {
            return;
        }
        policy.timeouts(new PeerTimeouts(
                timeouts.durationOrNull("connect"),
                timeouts.durationOrNull("response-head"),
                timeouts.durationOrNull("between-bytes"),
                timeouts.durationOrNull("write-stall"),
                timeouts.durationOrNull("tunnel-idle")));
        timeouts.end();
    }

    private void retries(@Nullable ConfigValue value) {
        ConfigSection retries = value == null ? null : value.section("a mapping such as { max-attempts: 2 }");
        if (retries == null) {
            return;
        }
        ConfigValue attempts = retries.optional("max-attempts");
        Integer most = attempts == null ? null : attempts.integer(1, 100);
        policy.retries(new RetryPolicy(
                most == null ? 0 : most,
                retries.bool("non-idempotent", false),
                retries.duration("delay", 0, Duration.ofMinutes(1), Duration.ZERO)));
        retries.end();
    }

    private void errorPages(@Nullable ConfigValue value) {
        ConfigSection errors =
                value == null ? null : value.section("a mapping such as { pages: { 404: { file: 404.html } } }");
        if (errors == null) {
            return;
        }
        Map<Integer, Page> pages = new HashMap<>();
        ConfigValue list = errors.optional("pages");
        ConfigSection byStatus = list == null ? null : list.section("a mapping from statuses to pages");
        if (byStatus != null) {
            byStatus.all().forEach((status, element) -> {
                Page page = page(element);
                if (!STATUS.matcher(status).matches()) {
                    byStatus.keyProblem(status, "\"" + status + "\"", "a status from 400 to 599, 4xx or 5xx");
                } else if (page != null) {
                    pages.put(Integer.valueOf(status.endsWith("xx") ? status.substring(0, 1) : status), page);
                }
            });
        }
        boolean forUpstream = errors.bool("upstream", false);
        errors.end();
        policy.errorPages(new ErrorPages(pages, forUpstream));
    }

    private static @Nullable Page page(ConfigValue value) {
        String expected = "a page such as { file: 404.html } or { body: TEXT }";
        ConfigSection section = value.section(expected);
        if (section == null) {
            return null;
        }
        ConfigValue file = section.optional("file");
        ConfigValue body = section.optional("body");
        String type = contentType(section, "text/html; charset=utf-8");
        section.end();
        if ((file == null) == (body == null)) {
            value.problem(file == null ? "neither file nor body" : "file and body together", expected);
            return null;
        }
        byte[] bytes = null;
        if (file != null) {
            bytes = content(file);
        } else if (body != null) {
            String text = body.text("a text");
            bytes = text == null ? null : text.getBytes(StandardCharsets.UTF_8);
        }
        return bytes == null ? null : new Page(type, bytes);
    }

    static String contentType(ConfigSection section, String byDefault) {
        String expected = "a content type such as application/json";
        String type = section.text("content-type", expected, byDefault);
        ConfigValue value = section.optional("content-type");
        if (value != null && (type.indexOf('/') < 1 || !TemplateReader.isFieldValue(type))) {
            value.reject(expected);
            return byDefault;
        }
        return type;
    }

    private static byte @Nullable [] content(ConfigValue value) {
        String expected = "a readable file of at most 1 MiB";
        Path path = value.path(expected);
        if (path == null) {
            return null;
        }
        try {
            if (Files.isRegularFile(path) && Files.size(path) <= MAX_PAGE) {
                return Files.readAllBytes(path);
            }
        } catch (IOException e) {
            // Said below.
        }
        value.reject(expected);
        return null;
    }
}
