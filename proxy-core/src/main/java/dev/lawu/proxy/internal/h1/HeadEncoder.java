package dev.lawu.proxy.internal.h1;

import dev.lawu.proxy.http.FieldName;
import dev.lawu.proxy.http.FieldSection;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.http.Status;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Writes heads (RFC 9112, sections 3 to 5). Runs of lines that stand behind one another in the head's array are copied at once. It adds framing and connection options; a field of these that is still
 * in the head is not sent, so that no message is framed twice.
 */
public final class HeadEncoder {
    /** What a message's framing adds to its head. */
    enum Framing {
        /** Nothing: there is no body, or Content-Length is in the head, or the body ends with the connection. */
        AS_IS,
        /** Nothing, and Content-Length is left out: the status or a tunnel forbids it. */
        NO_LENGTH,
        /** {@code Content-Length: 0}. */
        EMPTY,
        /** {@code Transfer-Encoding: chunked}. */
        CHUNKED
    }

    /** What a response says of its connection. */
    enum Persistence {
        /** Nothing: an HTTP/1.1 connection goes on. */
        DEFAULT,
        /** {@code keep-alive}: an HTTP/1.0 client asked for it. */
        KEEP_ALIVE,
        /** {@code close}. */
        CLOSE
    }

    private static final byte[] VERSION = ascii("HTTP/1.1 ");
    private static final byte[] REQUEST_LINE_END = ascii(" HTTP/1.1\r\n");
    private static final byte[] CRLF = ascii("\r\n");
    private static final byte[] CHUNKED = ascii("Transfer-Encoding: chunked\r\n");
    private static final byte[] EMPTY = ascii("Content-Length: 0\r\n");
    private static final byte[] CLOSE = ascii("Connection: close\r\n");
    private static final byte[] KEEP_ALIVE = ascii("Connection: keep-alive\r\n");
    private static final byte[] CONNECTION_TE = ascii("Connection: TE\r\n");
    private static final byte[] UPGRADE = ascii("Connection: Upgrade\r\nUpgrade: ");
    private static final byte[] UPGRADE_TE = ascii("Connection: Upgrade, TE\r\nUpgrade: ");
    private static final byte[][] STATUS_LINES = new byte[600][];

    private static final int CONNECTION_HASH = FieldName.CONNECTION.hash();
    private static final int TRANSFER_ENCODING_HASH = FieldName.TRANSFER_ENCODING.hash();
    private static final int KEEP_ALIVE_HASH = FieldName.KEEP_ALIVE.hash();
    private static final int UPGRADE_HASH = FieldName.UPGRADE.hash();
    private static final int PROXY_CONNECTION_HASH = FieldName.PROXY_CONNECTION.hash();
    private static final int CONTENT_LENGTH_HASH = FieldName.CONTENT_LENGTH.hash();

    static {
        for (int status = 100; status < STATUS_LINES.length; status++) {
            STATUS_LINES[status] = ascii("HTTP/1.1 " + status + " " + Status.reason(status) + "\r\n");
        }
    }

    private HeadEncoder() {}

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** No less than the bytes that the head needs. */
    static int bound(RequestHead head) {
        String upgrade = head.upgrade();
        int target = head.targetLength() > 0 ? 0 : head.target().length();
        return head.headers().section().end()
                + head.method().length()
                + target
                + (upgrade == null ? 0 : upgrade.length())
                + 128;
    }

    /** No less than the bytes that the head needs. */
    static int bound(ResponseHead head) {
        String upgrade = head.upgrade();
        return head.headers().section().end() + (upgrade == null ? 0 : upgrade.length()) + 192;
    }

    /** Writes a request's head. */
    static void request(ByteBuf out, RequestHead head, Framing framing) {
        FieldSection s = head.headers().section();
        text(out, head.method());
        out.writeByte(' ');
        if (head.targetLength() > 0) {
            out.writeBytes(s.array(), head.targetStart(), head.targetLength());
        } else {
            text(out, head.target());
        }
        out.writeBytes(REQUEST_LINE_END);
        fields(out, s, framing);
        boolean te = s.find(FieldName.TE, 0) >= 0;
        String upgrade = head.upgrade();
        if (upgrade != null) {
            out.writeBytes(te ? UPGRADE_TE : UPGRADE);
            text(out, upgrade);
            out.writeBytes(CRLF);
        } else if (te) {
            out.writeBytes(CONNECTION_TE); // TE is for the next hop alone (RFC 9110, section 10.1.4)
        }
        end(out, framing);
    }

    /** Writes a response's head; {@code upgrade} is what a 101 switches to. */
    static void response(
            ByteBuf out, ResponseHead head, Framing framing, Persistence persistence, @Nullable String upgrade) {
        FieldSection s = head.headers().section();
        int status = head.status();
        if (head.reasonLength() > 0 || status >= STATUS_LINES.length) {
            out.writeBytes(VERSION);
            out.writeByte('0' + status / 100).writeByte('0' + status / 10 % 10).writeByte('0' + status % 10);
            out.writeByte(' ');
            out.writeBytes(s.array(), head.reasonStart(), head.reasonLength());
            out.writeBytes(CRLF);
        } else {
            out.writeBytes(STATUS_LINES[status]);
        }
        fields(out, s, framing);
        if (upgrade != null) {
            out.writeBytes(UPGRADE);
            text(out, upgrade);
            out.writeBytes(CRLF);
        } else if (persistence == Persistence.CLOSE) {
            out.writeBytes(CLOSE);
        } else if (persistence == Persistence.KEEP_ALIVE) {
            out.writeBytes(KEEP_ALIVE);
        }
        end(out, framing);
    }

    /** Writes the whole response to a message that was refused. */
    static void refusal(OutputBuffer output, int status, String date) {
        ResponseHead head = ResponseHead.of(status, "Date", date);
        response(output.room(bound(head)), head, Framing.EMPTY, Persistence.CLOSE, null);
    }

    /** Writes trailers and the line that ends them. */
    static void trailers(ByteBuf out, Headers trailers) {
        fields(out, trailers.section(), Framing.NO_LENGTH);
        out.writeBytes(CRLF);
    }

    private static void end(ByteBuf out, Framing framing) {
        if (framing == Framing.CHUNKED) {
            out.writeBytes(CHUNKED);
        } else if (framing == Framing.EMPTY) {
            out.writeBytes(EMPTY);
        }
        out.writeBytes(CRLF);
    }

    private static void fields(ByteBuf out, FieldSection s, Framing framing) {
        byte[] bytes = s.array();
        int start = 0;
        int end = 0;
        for (int i = 0, slots = s.slots(); i < slots; i++) {
            if (!s.isLive(i) || isDropped(s, i, framing)) {
                continue;
            }
            int line = s.nameStart(i);
            if (line != end) {
                out.writeBytes(bytes, start, end - start);
                start = line;
            }
            end = s.lineEnd(i);
        }
        out.writeBytes(bytes, start, end - start);
    }

    private static boolean isDropped(FieldSection s, int i, Framing framing) {
        int hash = s.nameHash(i);
        if (hash == CONTENT_LENGTH_HASH) {
            return framing != Framing.AS_IS && isNamed(s, i, FieldName.CONTENT_LENGTH);
        }
        return hash == CONNECTION_HASH && isNamed(s, i, FieldName.CONNECTION)
                || hash == TRANSFER_ENCODING_HASH && isNamed(s, i, FieldName.TRANSFER_ENCODING)
                || hash == KEEP_ALIVE_HASH && isNamed(s, i, FieldName.KEEP_ALIVE)
                || hash == UPGRADE_HASH && isNamed(s, i, FieldName.UPGRADE)
                || hash == PROXY_CONNECTION_HASH && isNamed(s, i, FieldName.PROXY_CONNECTION);
    }

    private static boolean isNamed(FieldSection s, int i, FieldName name) {
        return name.matches(s.array(), s.nameStart(i), s.nameLength(i));
    }

    private static void text(ByteBuf out, String text) {
        out.writeCharSequence(text, StandardCharsets.ISO_8859_1);
    }
}
