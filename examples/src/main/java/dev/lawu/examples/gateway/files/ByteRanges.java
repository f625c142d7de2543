package dev.lawu.examples.gateway.files;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The parts of a file that a request asks for (RFC 9110, section 14.2). Stateless. */
final class ByteRanges {
    /** More than this is no download that was interrupted, but work for nothing. */
    private static final int MAX_RANGES = 16;

    private ByteRanges() {}

    /** A part: from its first to its last byte. */
    record Range(long first, long last) {
        long length() {
            return last - first + 1;
        }
    }

    /**
     * Reads a {@code Range} field. Null if it is to be ignored: it is malformed, of another unit, of too many ranges, or asks for more than the whole. Empty if none of its ranges is in the file.
     *
     * @param size of the file in bytes
     */
    static @Nullable List<Range> parse(String field, long size) {
        if (!field.regionMatches(true, 0, "bytes=", 0, 6)) {
            return null;
        }
        String[] specs = field.substring(6).split(",", MAX_RANGES + 2);
        if (specs.length > MAX_RANGES) {
            return null;
        }
        List<Range> ranges = new ArrayList<>();
        boolean hasSpecs = false;
        long total = 0;
        for (String padded : specs) {
            String spec = padded.trim();
            if (spec.isEmpty()) {
                continue;
            }
            hasSpecs = true;
            int dash = spec.indexOf('-');
            long first = dash < 0 ? -2 : number(spec.substring(0, dash));
            long last = dash < 0 ? -2 : number(spec.substring(dash + 1));
            if (first == -2 || last == -2 || first == -1 && last == -1 || last >= 0 && first > last) {
                return null;
            }
            if (first == -1) {
                first = Math.max(size - last, 0);
                last = last == 0 ? -1 : size - 1;
            } else {
                last = last == -1 ? size - 1 : Math.min(last, size - 1);
            }
            if (first < size && first <= last) {
                ranges.add(new Range(first, last));
                total += last - first + 1;
            }
        }
        return !hasSpecs || total > size ? null : ranges;
    }

    /** -1 for nothing, -2 for what is no number. */
    private static long number(String text) {
        if (text.isEmpty()) {
            return -1;
        }
        if (text.length() > 18 || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return -2;
        }
        return Long.parseLong(text);
    }
}
