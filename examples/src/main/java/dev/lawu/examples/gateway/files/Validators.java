package dev.lawu.examples.gateway.files;

import dev.lawu.proxy.http.Headers;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What tells one state of a file from another, and what a request makes depend on it (RFC 9110, section 13).
 *
 * @param etag strong: made of the size and the time of the last change, as exact as the file system has it
 * @param lastModified in whole seconds
 */
record Validators(String etag, Instant lastModified) {
    /** What is to be done with a request. */
    enum Verdict {
        SEND,
        NOT_MODIFIED,
        PRECONDITION_FAILED
    }

    static Validators of(BasicFileAttributes file) {
        String etag = "\"" + Long.toHexString(file.lastModifiedTime().to(TimeUnit.NANOSECONDS)) + "-"
                + Long.toHexString(file.size()) + "\"";
        return new Validators(etag, file.lastModifiedTime().toInstant().truncatedTo(ChronoUnit.SECONDS));
    }

    /** Evaluates the conditions of a GET or HEAD in their order of precedence (section 13.2.2). */
    Verdict evaluate(Headers headers) {
        List<String> match = headers.getAll("If-Match");
        if (!match.isEmpty()) {
            if (!lists(match, false)) {
                return Verdict.PRECONDITION_FAILED;
            }
        } else {
            Instant since = date(headers, "If-Unmodified-Since");
            if (since != null && lastModified.isAfter(since)) {
                return Verdict.PRECONDITION_FAILED;
            }
        }
        List<String> noneMatch = headers.getAll("If-None-Match");
        if (!noneMatch.isEmpty()) {
            return lists(noneMatch, true) ? Verdict.NOT_MODIFIED : Verdict.SEND;
        }
        Instant since = date(headers, "If-Modified-Since");
        return since != null && !lastModified.isAfter(since) ? Verdict.NOT_MODIFIED : Verdict.SEND;
    }

    /** True if a {@code Range} counts: there is no {@code If-Range}, or it names this very state (section 13.1.5). */
    boolean allowRange(Headers headers) {
        String condition = headers.get("If-Range");
        return condition == null
                || condition.equals(etag)
                || !condition.startsWith("\"") && lastModified.equals(HttpDates.parse(condition));
    }

    private static @Nullable Instant date(Headers headers, String name) {
        List<String> values = headers.getAll(name);
        return values.size() == 1 ? HttpDates.parse(values.get(0)) : null;
    }

    /** True if the list has this entity tag, or is {@code *}. A weak one equals a strong one only where that is asked for. */
    private boolean lists(List<String> lines, boolean isWeakAllowed) {
        for (String line : lines) {
            if (line.equals("*")) {
                return true;
            }
            int at = 0;
            while (at < line.length()) {
                int quote = line.indexOf('"', at);
                int end = quote < 0 ? -1 : line.indexOf('"', quote + 1);
                if (end < 0) {
                    break;
                }
                boolean isWeak = quote >= 2 && line.startsWith("W/", quote - 2);
                if ((isWeakAllowed || !isWeak)
                        && line.regionMatches(quote, etag, 0, end + 1 - quote)
                        && etag.length() == end + 1 - quote) {
                    return true;
                }
                at = end + 1;
            }
        }
        return false;
    }
}
