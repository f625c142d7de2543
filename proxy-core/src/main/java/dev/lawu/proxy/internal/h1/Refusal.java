package dev.lawu.proxy.internal.h1;

import java.util.Objects;

/** Why a message cannot be read: it is malformed, ambiguous or too large. Nothing is repaired. It has no stack trace: it says something about the peer, not about this code. */
public final class Refusal extends Exception {
    private static final long serialVersionUID = 1;

    private final int status;
    private final String reason;

    Refusal(int status, String reason, String detail) {
        super(detail, null, false, false);
        this.status = status;
        this.reason = reason;
    }

    /** Shorthand for the usual one. */
    static Refusal badRequest(String reason, String detail) {
        return new Refusal(400, reason, detail);
    }

    /** What a client that sent it is answered. */
    public int status() {
        return status;
    }

    /** One of a few fixed words, for a counter. */
    public String reason() {
        return reason;
    }

    /** What was found and what was expected, safe for a log. */
    public String detail() {
        return Objects.requireNonNullElse(getMessage(), "");
    }

    /** A byte as a message shows it. */
    static String show(byte b) {
        return b > ' ' && b < 0x7F ? "'" + (char) b + "'" : String.format("0x%02x", b & 0xFF);
    }
}
