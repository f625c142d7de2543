package dev.lawu.proxy.internal.h1;

import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.http.FieldName;
import dev.lawu.proxy.http.FieldSection;
import dev.lawu.proxy.http.FieldSyntax;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.internal.loop.SectionPool;

/**
 * Reads the heads of responses (RFC 9112, sections 4 and 6), one after another, as strictly as those of requests. The one leniency: many origins leave out the space before an empty reason phrase.
 */
public final class ResponseParser extends HeadParser {
    private static final int VERSION = 0;
    private static final int SPACE = 1;
    private static final int STATUS = 2;
    private static final int STATUS_END = 3;
    private static final int REASON = 4;
    private static final int LF = 5;

    private int part;
    private int status;
    private int reasonStart;
    private int reasonLength;

    /** Makes a parser for one connection. */
    public ResponseParser(SectionPool sections, ProxyOptions options) {
        super(sections, options);
    }

    @Override
    public void reset() {
        super.reset();
        part = VERSION;
        status = 0;
        reasonStart = 0;
        reasonLength = 0;
    }

    /** The status. To be asked before {@link #take()}. */
    int status() {
        return status;
    }

    /** The complete head, which is the caller's from now on; the parser is ready for another. */
    public ResponseHead take() {
        int upgrade = upgradeIndex();
        int code = status;
        int start = reasonStart;
        int length = reasonLength;
        FieldSection s = takeSection();
        ResponseHead head = new ResponseHead(version(), code, s, start, length);
        if (code == 101 && upgrade >= 0) {
            head.setUpgrade(s.value(upgrade));
        }
        return head;
    }

    @Override
    int startLine(byte[] bytes, int position, int end) throws Refusal {
        int p = position;
        while (p < end) {
            byte b = bytes[p];
            switch (part) {
                case VERSION -> {
                    if (version(b, p)) {
                        part = SPACE;
                    }
                }
                case SPACE -> {
                    if (b != ' ') {
                        throw badLine(Refusal.show(b) + " behind the version (expected: a space)");
                    }
                    part = STATUS;
                }
                case STATUS -> {
                    if (b < '0' || b > '9') {
                        throw badLine(Refusal.show(b) + " in the status (expected: three digits)");
                    }
                    status = status * 10 + b - '0';
                    if (p == 11) {
                        if (status < 100 || status > 599) {
                            throw badLine("status " + status + " (expected: 100..599)");
                        }
                        part = STATUS_END;
                    }
                }
                case STATUS_END -> {
                    if (b != ' ' && b != '\r') {
                        throw badLine(Refusal.show(b) + " behind the status (expected: a space)");
                    }
                    reasonStart = p + 1;
                    part = b == ' ' ? REASON : LF;
                }
                case REASON -> {
                    if (b == '\r') {
                        reasonLength = p - reasonStart;
                        part = LF;
                    } else if (b == '\n') {
                        throw bareLf();
                    } else if (!FieldSyntax.isValue(b)) {
                        throw badLine(Refusal.show(b) + " in the reason phrase (expected: no controls)");
                    }
                }
                default -> {
                    requireLf(b);
                    startLineEnded();
                    return p + 1;
                }
            }
            p++;
        }
        return p;
    }

    private static Refusal badLine(String detail) {
        return Refusal.badRequest("bad-status-line", detail);
    }

    @Override
    Refusal startLineTooLong(int limit) {
        return Refusal.badRequest(
                "status-line-too-long", "a status line of more than " + limit + " bytes (expected: at most that)");
    }

    @Override
    void complete(FieldSection s) throws Refusal {
        super.complete(s);
        if (status >= 200 && status != 204) {
            return;
        }
        long framing = framing();
        if (framing == CHUNKED || framing > 0) {
            throw Refusal.badRequest(
                    "body-not-allowed",
                    "status " + status + " with " + (framing == CHUNKED ? "Transfer-Encoding" : "Content-Length")
                            + " (expected: no body, RFC 9112 section 6.3)");
        }
        if (framing == 0) {
            // Common, harmless, and not to be sent on (RFC 9110, section 8.6).
            s.removeAll(FieldName.CONTENT_LENGTH);
        }
    }

    @Override
    void host(FieldSection s, int i) {
        // Means nothing in a response.
    }

    @Override
    void expect(FieldSection s, int i) {
        // Means nothing in a response.
    }
}
