package dev.lawu.proxy.internal.h1;

import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.http.FieldName;
import dev.lawu.proxy.http.FieldSection;
import dev.lawu.proxy.http.FieldSyntax;
import dev.lawu.proxy.http.HttpVersion;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.internal.loop.SectionPool;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/**
 * Reads the heads of requests (RFC 9112, sections 3 and 6), one after another. What is ambiguous or malformed is refused with the status that its sender gets.
 *
 * <p>Of what may precede a request line exactly one empty line is passed over (RFC 9112, section 2.2). An absolute form is reduced to the origin form; its authority must be that of {@code Host}.
 */
public final class RequestParser extends HeadParser {
    private static final int METHOD = 0;
    private static final int TARGET = 1;
    private static final int VERSION = 2;
    private static final int CR = 3;
    private static final int LF = 4;

    /** How much of an empty line before the request line was seen: nothing, its CR, all. */
    private int skipped;

    private int part;
    private int targetStart;
    private int targetEnd;
    private int versionStart;
    private String method = "";
    private int hostIndex = -1;
    private int expectIndex = -1;
    private boolean unmetExpectation;
    private final Authority host = new Authority();
    private final Authority authority = new Authority();

    /** Makes a parser for one connection. */
    public RequestParser(SectionPool sections, ProxyOptions options) {
        super(sections, options);
    }

    @Override
    public void reset() {
        super.reset();
        skipped = 0;
        part = METHOD;
        hostIndex = -1;
        expectIndex = -1;
        unmetExpectation = false;
    }

    /** True if the client waits for a 100 before it sends the body. To be asked before {@link #take()}. */
    boolean expectsContinue() {
        return expectIndex >= 0;
    }

    /** The complete head, which is the caller's from now on; the parser is ready for another. */
    public RequestHead take() {
        int upgrade = upgradeIndex();
        int start = targetStart;
        int length = targetEnd - start;
        HttpVersion version = version();
        FieldSection s = takeSection();
        byte[] bytes = s.array();
        String scheme = null;
        String target = null;
        if (bytes[start] != '/' && length > 1 && !method.equals("CONNECT")) {
            scheme = (bytes[start + 4] | 0x20) == 's' ? "https" : "http";
            int end = start + length;
            start = authorityEnd(bytes, authorityStart(scheme, start), end);
            length = end - start;
            if (length == 0) {
                target = method.equals("OPTIONS") ? "*" : "/";
            } else if (bytes[start] == '?') {
                target = "/" + s.latin1(start, length);
            }
        }
        RequestHead head = new RequestHead(version, method, s, start, length).setScheme(scheme);
        if (target != null) {
            head.setTarget(target);
        }
        if (upgrade >= 0) {
            String protocols = s.value(upgrade);
            int comma = protocols.indexOf(',');
            head.setUpgrade(
                    comma < 0 ? protocols : protocols.substring(0, comma).strip());
        }
        return head;
    }

    @Override
    boolean skipToFirst(ByteBuf in) throws Refusal {
        while (in.isReadable()) {
            byte b = in.getByte(in.readerIndex());
            if (skipped == 1) {
                requireLf(b);
            } else if (b == '\n') {
                throw bareLf();
            } else if (b != '\r') {
                return true;
            } else if (skipped == 2) {
                throw Refusal.badRequest(
                        "empty-line", "a second empty line (expected: a request line, RFC 9112 section 2.2)");
            }
            skipped++;
            in.skipBytes(1);
        }
        return false;
    }

    @Override
    int startLine(byte[] bytes, int position, int end) throws Refusal {
        int p = position;
        while (p < end) {
            byte b = bytes[p];
            switch (part) {
                case METHOD -> {
                    while (FieldSyntax.isToken(bytes[p]) && ++p < end) {}
                    if (p < end) {
                        endMethod(bytes, p++);
                        targetStart = p;
                        part = TARGET;
                    }
                }
                case TARGET -> {
                    while (FieldSyntax.isTarget(bytes[p]) && ++p < end) {}
                    if (p < end) {
                        endTarget(bytes[p], p++);
                        versionStart = p;
                        part = VERSION;
                    }
                }
                case VERSION -> {
                    if (b == ' ' || b == '\t') {
                        throw badLine("white space in or before the version (expected: single spaces)");
                    }
                    if (version(b, p - versionStart)) {
                        part = CR;
                    }
                    p++;
                }
                case CR -> {
                    if (b == '\n') {
                        throw bareLf();
                    }
                    if (b != '\r') {
                        throw badLine(Refusal.show(b) + " behind the version (expected: CRLF)");
                    }
                    p++;
                    part = LF;
                }
                default -> {
                    requireLf(b);
                    startLineEnded();
                    return p + 1;
                }
            }
        }
        return p;
    }

    private void endMethod(byte[] bytes, int p) throws Refusal {
        byte b = bytes[p];
        if (b == '\n') {
            throw bareLf();
        }
        if (b != ' ' || p == 0) {
            throw badLine(Refusal.show(b) + " as byte " + p + " of the method (expected: a token, then one space)");
        }
        method = method(bytes, p);
    }

    private void endTarget(byte b, int p) throws Refusal {
        targetEnd = p;
        if (b == ' ' && p > targetStart) {
            return;
        }
        if (b == '\n') {
            throw bareLf();
        }
        if (b == '\r') {
            throw Refusal.badRequest("http-0.9", "no version (expected: HTTP/1.0 or HTTP/1.1)");
        }
        if (b == '#') {
            throw Refusal.badRequest("bad-target", "'#' in the target (expected: no fragment, RFC 9112 section 3.2)");
        }
        if (b == ' ' || b == '\t') {
            throw badLine("more than one space before the target (expected: one)");
        }
        throw Refusal.badRequest("bad-target", Refusal.show(b) + " in the target (expected: visible ASCII)");
    }

    private static Refusal badLine(String detail) {
        return Refusal.badRequest("bad-request-line", detail);
    }

    @Override
    Refusal startLineTooLong(int limit) {
        return new Refusal(
                414,
                "request-line-too-long",
                "a request line of more than " + limit + " bytes (expected: at most that)");
    }

    /** The usual methods are shared strings. */
    private static String method(byte[] bytes, int length) {
        String usual = switch (bytes[0]) {
            case 'G' -> "GET";
            case 'P' -> length == 3 ? "PUT" : length == 4 ? "POST" : "PATCH";
            case 'H' -> "HEAD";
            case 'D' -> "DELETE";
            case 'O' -> "OPTIONS";
            case 'C' -> "CONNECT";
            case 'T' -> "TRACE";
            default -> "";
        };
        if (usual.length() == length) {
            int i = 1;
            while (i < length && bytes[i] == usual.charAt(i)) {
                i++;
            }
            if (i == length) {
                return usual;
            }
        }
        return new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
    }

    @Override
    void host(FieldSection s, int i) throws Refusal {
        if (hostIndex >= 0) {
            throw Refusal.badRequest("duplicate-host", "two Host fields (expected: one, RFC 9112 section 3.2)");
        }
        hostIndex = i;
        int start = s.valueStart(i);
        if (!host.parse(s.array(), start, start + s.valueLength(i))) {
            throw Refusal.badRequest(
                    "bad-host", "Host " + FieldSyntax.quote(s.value(i)) + " (expected: host or host:port)");
        }
    }

    @Override
    void expect(FieldSection s, int i) {
        expectIndex = i;
        unmetExpectation |= !is(s, i, "100-continue");
    }

    @Override
    void complete(FieldSection s) throws Refusal {
        super.complete(s);
        boolean old = version() == HttpVersion.HTTP_1_0;
        if (hostIndex < 0 && !old) {
            throw Refusal.badRequest("missing-host", "no Host (expected: one, RFC 9112 section 3.2)");
        }
        if (old) {
            // What a 1.0 client expects may be ignored (RFC 9110, section 10.1.1) and must not be forwarded as if 1.1.
            s.removeAll(FieldName.EXPECT);
            expectIndex = -1;
        } else if (unmetExpectation) {
            throw new Refusal(
                    417,
                    "bad-expectation",
                    "Expect " + FieldSyntax.quote(s.value(expectIndex)) + " (expected: 100-continue)");
        }
        checkTarget(s);
    }

    private void checkTarget(FieldSection s) throws Refusal {
        byte[] bytes = s.array();
        int start = targetStart;
        if (method.equals("CONNECT")) {
            checkConnect(s);
        } else if (bytes[start] == '*' && targetEnd == start + 1) {
            if (!method.equals("OPTIONS")) {
                throw badTarget(s, "'*' with OPTIONS only, RFC 9112 section 3.2.4");
            }
        } else if (bytes[start] != '/') {
            checkAbsolute(s);
        }
    }

    private void checkConnect(FieldSection s) throws Refusal {
        if (!authority.parse(s.array(), targetStart, targetEnd) || authority.port() == 0) {
            throw badTarget(s, "host:port with CONNECT, RFC 9112 section 3.2.3");
        }
        // Some clients leave the port out of Host here; the target is what counts.
        if (hostIndex >= 0
                && (!host.sameHost(s.array(), authority) || host.port(authority.port()) != authority.port())) {
            throw disagree(s);
        }
        if (framing() == CHUNKED || framing() > 0) {
            throw Refusal.badRequest("connect-with-body", "CONNECT with a body (expected: none)");
        }
    }

    private void checkAbsolute(FieldSection s) throws Refusal {
        byte[] bytes = s.array();
        boolean secure = startsWith(bytes, targetStart, targetEnd, "https://");
        if (!secure && !startsWith(bytes, targetStart, targetEnd, "http://")) {
            throw badTarget(s, "/path, or http:// or https:// with host, RFC 9112 section 3.2");
        }
        int start = authorityStart(secure ? "https" : "http", targetStart);
        int end = authorityEnd(bytes, start, targetEnd);
        if (!authority.parse(bytes, start, end)) {
            throw badTarget(s, "host or host:port as authority, without user information");
        }
        if (hostIndex < 0) {
            // HTTP/1.0 without Host: the authority takes its place, so that there is one place to look.
            s.append("Host", s.latin1(start, end - start));
            return;
        }
        int usual = secure ? 443 : 80;
        if (!host.sameHost(bytes, authority) || host.port(usual) != authority.port(usual)) {
            throw disagree(s);
        }
    }

    private static int authorityStart(String scheme, int start) {
        return start + scheme.length() + 3;
    }

    private static int authorityEnd(byte[] bytes, int start, int end) {
        int at = start;
        while (at < end && bytes[at] != '/' && bytes[at] != '?') {
            at++;
        }
        return at;
    }

    private static boolean startsWith(byte[] bytes, int start, int end, String lower) {
        if (end - start < lower.length()) {
            return false;
        }
        for (int i = 0; i < lower.length(); i++) {
            int b = bytes[start + i];
            if (b >= 'A' && b <= 'Z') {
                b += 'a' - 'A';
            }
            if (b != lower.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private Refusal badTarget(FieldSection s, String expected) {
        return Refusal.badRequest("bad-target", "target " + target(s) + " (expected: " + expected + ")");
    }

    private Refusal disagree(FieldSection s) {
        return Refusal.badRequest(
                "host-mismatch",
                "target " + target(s) + " with Host " + FieldSyntax.quote(s.value(hostIndex))
                        + " (expected: the same authority)");
    }

    private String target(FieldSection s) {
        return FieldSyntax.quote(s.latin1(targetStart, targetEnd - targetStart));
    }
}
