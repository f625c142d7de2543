package dev.lawu.proxy.internal.exchange;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.http.FieldName;
import dev.lawu.proxy.http.FieldSyntax;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.http.RequestHead;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** How far an OPTIONS or TRACE request may go (RFC 9110, section 7.6.2). The other methods' {@code Max-Forwards} is not ours to look at. */
final class MaxForwards {
    private MaxForwards() {}

    private static boolean counts(RequestHead head) {
        String method = head.method();
        return (method.equals("OPTIONS") || method.equals("TRACE"))
                && head.headers().contains(FieldName.MAX_FORWARDS);
    }

    /** The answer to a request that ends here, as its final recipient; null if it goes on. Throws what a value that cannot be read is answered with. */
    static @Nullable LocalResponse answer(RequestHead head) {
        if (!counts(head) || value(head.headers()) > 0) {
            return null;
        }
        if (head.method().equals("OPTIONS")) {
            return LocalResponse.of(200);
        }
        // What came, but for what must not be seen by whoever can make a client send TRACE (section 9.3.8).
        StringBuilder message = new StringBuilder(head.toString()).append("\r\n");
        head.headers().forEach((name, value) -> {
            if (!name.equalsIgnoreCase("Authorization")
                    && !name.equalsIgnoreCase("Proxy-Authorization")
                    && !name.equalsIgnoreCase("Cookie")) {
                message.append(name).append(": ").append(value).append("\r\n");
            }
        });
        return LocalResponse.of(200)
                .header("Content-Type", "message/http")
                .body(message.append("\r\n").toString().getBytes(ISO_8859_1));
    }

    /** Counts this hop, in the copy that goes upstream. */
    static void count(RequestHead head) {
        if (counts(head)) {
            head.headers().set("Max-Forwards", Integer.toString(Math.max(value(head.headers()) - 1, 0)));
        }
    }

    private static int value(Headers headers) {
        String text = Objects.requireNonNullElse(headers.get(FieldName.MAX_FORWARDS), "");
        boolean number = !text.isEmpty();
        for (int i = 0; number && i < text.length(); i++) {
            number = text.charAt(i) >= '0' && text.charAt(i) <= '9';
        }
        if (!number) {
            throw ProxyException.rejected(400, "Max-Forwards: " + FieldSyntax.quote(text) + " (expected: a number)");
        }
        return text.length() > 9 ? 999_999_999 : Integer.parseInt(text); // what we support at most
    }
}
