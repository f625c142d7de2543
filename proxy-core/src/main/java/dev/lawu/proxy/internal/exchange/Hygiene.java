package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.ProxyOptions.ForwardingFields;
import dev.lawu.proxy.http.FieldName;
import dev.lawu.proxy.http.FieldSection;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.upstream.HttpPeer;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What an intermediary must do to heads (RFC 9110, section 7.6): removes the fields of one hop and those that {@code Connection} names, and adds {@code Via}, {@code X-Forwarded-*} and
 * {@code Forwarded} (RFC 7239). Stateless but for the options.
 */
final class Hygiene {
    /** The fields of one hop. {@code TE} is one, too, but has a value that is passed on. {@code Proxy-Authorization} is for whoever asks for it, so it is not. */
    private static final FieldName[] HOP_BY_HOP = {
        FieldName.CONNECTION,
        FieldName.KEEP_ALIVE,
        FieldName.PROXY_CONNECTION,
        FieldName.TRANSFER_ENCODING,
        FieldName.UPGRADE,
        FieldName.HTTP2_SETTINGS
    };

    private static final long HOP_BY_HOP_SET = FieldName.setOf(HOP_BY_HOP);

    private final ForwardingFields forwarding;
    private final @Nullable String viaHttp10;
    private final @Nullable String viaHttp11;
    private final String viaName;
    private final ProxyOptions options;

    Hygiene(ProxyOptions options) {
        this.options = options;
        this.forwarding = options.forwardingFields();
        this.viaName = options.via();
        this.viaHttp10 = viaName.isEmpty() ? null : "1.0 " + viaName;
        this.viaHttp11 = viaName.isEmpty() ? null : "1.1 " + viaName;
    }

    /**
     * Looks at a request that has just arrived: an upgrade that is not allowed becomes an ordinary request, and what {@code Connection} names is removed. That is done before any filter runs, or a
     * client could name, and so take away, what a filter adds for the upstream.
     */
    void arrived(RequestHead head) {
        Headers headers = head.headers();
        if (headers.contains(FieldName.CONNECTION)) {
            boolean trailers = acceptsTrailers(headers);
            removeNominated(headers);
            headers.remove(FieldName.CONNECTION);
            if (trailers && !headers.contains(FieldName.TE)) {
                headers.section().append(FieldName.TE, "trailers");
            }
        }
        String upgrade = head.upgrade();
        if (upgrade != null && !options.upgrades().contains(upgrade.toLowerCase(Locale.ROOT))) {
            head.setUpgrade(null);
        }
    }

    /** Makes the client's head fit to be sent upstream, before the filters see it. */
    void request(RequestHead head, ClientFacts client) {
        Headers headers = head.headers();
        boolean trailers = acceptsTrailers(headers);
        removeHopByHop(headers);
        headers.remove(FieldName.TE);
        if (trailers) {
            headers.section().append(FieldName.TE, "trailers");
        }
        client.addTo(head, forwarding);
        String via = switch (head.version()) {
            case HTTP_1_1 -> viaHttp11;
            case HTTP_1_0 -> viaHttp10;
            default -> viaName.isEmpty() ? null : head.version().viaText() + " " + viaName;
        };
        if (via != null) {
            headers.section().append(FieldName.VIA, via);
        }
    }

    /** Puts the framing right after the filters have edited the head. */
    void finishRequest(RequestHead head, Exchange exchange, HttpPeer peer, boolean lengthUnknown) {
        Headers headers = head.headers();
        removeHopByHop(headers);
        if (!headers.contains(FieldName.HOST)) {
            // Of HTTP/1.0, or removed by a filter; HTTP/1.1 requires it (RFC 9112, section 3.2).
            headers.section().append(FieldName.HOST, hostOf(peer));
        }
        if (exchange.stripsExpect()) {
            headers.remove(FieldName.EXPECT);
        }
        long length = exchange.requestLength;
        if (exchange.body == null && length <= 0) {
            boolean expectsBody = switch (head.method()) {
                case "POST", "PUT", "PATCH" -> true;
                default -> length == 0;
            };
            setLength(headers, expectsBody ? 0 : -1);
        } else {
            setLength(headers, lengthUnknown ? -1 : length);
        }
    }

    /** Gives the copy that goes upstream the peer's own {@code Host}, if it has one, before the filters see it. */
    void host(RequestHead head, HttpPeer peer) {
        String host = peer.hostOverride();
        if (host != null) {
            head.headers().set("Host", host);
        }
    }

    private static String hostOf(HttpPeer peer) {
        String host = peer.hostOverride();
        return host != null ? host : peer.path() == null ? peer.toString() : peer.host();
    }

    /** Makes an upstream's head fit to be sent to the client, before the filters see it. */
    void response(ResponseHead head) {
        removeHopByHop(head.headers());
    }

    /** Puts the framing right after the filters have edited the head. */
    void finishResponse(ResponseHead head, long length) {
        Headers headers = head.headers();
        removeHopByHop(headers);
        setLength(headers, length);
    }

    private static void setLength(Headers headers, long length) {
        FieldSection section = headers.section();
        int i = section.find(FieldName.CONTENT_LENGTH, 0);
        if (length < 0) {
            if (i >= 0) {
                section.removeAll(FieldName.CONTENT_LENGTH);
            }
        } else if (i < 0) {
            section.append(FieldName.CONTENT_LENGTH, Long.toString(length));
        } else if (section.find(FieldName.CONTENT_LENGTH, i + 1) >= 0 || !isNumber(section, i, length)) {
            section.removeAll(FieldName.CONTENT_LENGTH);
            section.append(FieldName.CONTENT_LENGTH, Long.toString(length));
        }
    }

    private static boolean isNumber(FieldSection section, int i, long number) {
        byte[] bytes = section.array();
        long value = 0;
        int length = section.valueLength(i);
        for (int k = section.valueStart(i), end = k + length; k < end; k++) {
            int digit = bytes[k] - '0';
            if (digit < 0 || digit > 9) {
                return false;
            }
            value = value * 10 + digit;
        }
        return length > 0 && length <= 18 && value == number;
    }

    private static boolean acceptsTrailers(Headers headers) {
        return headers.contains(FieldName.TE) && headers.containsToken(FieldName.TE, "trailers");
    }

    private static void removeHopByHop(Headers headers) {
        FieldSection section = headers.section();
        if (!section.mayHave(HOP_BY_HOP_SET)) {
            return;
        }
        removeNominated(headers);
        for (FieldName name : HOP_BY_HOP) {
            section.removeAll(name);
        }
    }

    /** {@code keep-alive} or {@code close}, which name no field; told without making a string. */
    private static boolean isCommon(FieldSection section, int i) {
        byte[] bytes = section.array();
        int start = section.valueStart(i);
        int length = section.valueLength(i);
        String expected = length == 5 ? "close" : length == 10 ? "keep-alive" : null;
        if (expected == null) {
            return false;
        }
        for (int k = 0; k < length; k++) {
            if ((bytes[start + k] | 0x20) != (expected.charAt(k) | 0x20)) {
                return false;
            }
        }
        return true;
    }

    private static void removeNominated(Headers headers) {
        FieldSection section = headers.section();
        for (int i = section.find(FieldName.CONNECTION, 0); i >= 0; i = section.find(FieldName.CONNECTION, i + 1)) {
            if (!isCommon(section, i)) {
                removeNominated(headers, section.value(i));
            }
        }
    }

    private static void removeNominated(Headers headers, String connection) {
        int at = 0;
        while (at < connection.length()) {
            int comma = connection.indexOf(',', at);
            int end = comma < 0 ? connection.length() : comma;
            String name = connection.substring(at, end).strip();
            at = end + 1;
            // Routing and framing must not be taken away by whoever sent the message; nothing sensible names them.
            if (!name.isEmpty()
                    && !name.equalsIgnoreCase("host")
                    && !name.equalsIgnoreCase("content-length")
                    && !name.equalsIgnoreCase("close")
                    && !name.equalsIgnoreCase("keep-alive")) {
                headers.remove(name);
            }
        }
    }
}
