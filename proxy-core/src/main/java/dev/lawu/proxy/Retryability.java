package dev.lawu.proxy;

/** What a {@link ProxyException} says about another attempt, as whoever saw the failure knows it; the default of {@code errorWhileProxy} goes by it. */
public enum Retryability {
    /** Nothing: it may have been processed, or another attempt would hardly go better. A proxy may decide for one all the same; the engine makes it where {@link RetryDecision} allows it. */
    NEVER,
    /** The upstream has probably not processed the request, as when a reused connection dies before any byte of a response: another attempt is safe for idempotent methods (RFC 9110, section 9.2.2). */
    IF_IDEMPOTENT,
    /** The upstream provably did not process the request: another attempt is safe for every method. */
    ALWAYS
}
