package dev.lawu.proxy.internal.upstream;

/** Why a connection was closed, as it is counted. */
enum CloseReason {
    PEER("peer"),
    EXCHANGE("exchange"),
    IDLE_TIMEOUT("idle-timeout"),
    MAX_AGE("max-age"),
    MAX_REQUESTS("max-requests"),
    SURPLUS("surplus"),
    EVICTED("evicted"),
    CLIENT_GONE("client-gone"),
    SHUTDOWN("shutdown");

    private final String text;

    CloseReason(String text) {
        this.text = text;
    }

    String text() {
        return text;
    }
}
