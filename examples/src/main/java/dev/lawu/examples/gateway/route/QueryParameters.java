package dev.lawu.examples.gateway.route;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The parameters of a query, as forms write them: {@code a=1&b=2}. Stateless. */
public final class QueryParameters {
    private QueryParameters() {}

    /** The values of this parameter, decoded; empty for one without {@code =}. */
    public static List<String> values(@Nullable String query, String name) {
        return find(query, name, true);
    }

    /** The first value of this parameter as it came; empty if there is none. */
    public static String rawValue(@Nullable String query, String name) {
        List<String> found = find(query, name, false);
        return found.isEmpty() ? "" : found.get(0);
    }

    private static List<String> find(@Nullable String query, String name, boolean decoded) {
        List<String> values = new ArrayList<>(1);
        int from = 0;
        while (query != null && from <= query.length()) {
            int end = query.indexOf('&', from);
            end = end < 0 ? query.length() : end;
            int equals = query.indexOf('=', from);
            int nameEnd = equals < 0 || equals > end ? end : equals;
            if (nameEnd > from && decode(query.substring(from, nameEnd)).equals(name)) {
                String value = query.substring(Math.min(nameEnd + 1, end), end);
                values.add(decoded ? decode(value) : value);
            }
            from = end + 1;
        }
        return values;
    }

    /** What is no encoding stays as it is. */
    private static String decode(String text) {
        if (text.indexOf('%') < 0 && text.indexOf('+') < 0) {
            return text;
        }
        byte[] bytes = new byte[text.length() * 3];
        int length = 0;
        for (int i = 0; i < text.length(); i++) {
            int octet = RequestPath.encoded(text, i, text.length());
            if (octet >= 0) {
                bytes[length++] = (byte) octet;
                i += 2;
            } else {
                char c = text.charAt(i);
                byte[] plain = String.valueOf(c == '+' ? ' ' : c).getBytes(StandardCharsets.UTF_8);
                System.arraycopy(plain, 0, bytes, length, plain.length);
                length += plain.length;
            }
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }
}
