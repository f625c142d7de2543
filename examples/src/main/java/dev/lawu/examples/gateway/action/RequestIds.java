package dev.lawu.examples.gateway.action;

import dev.lawu.proxy.Session;
import dev.lawu.proxy.TrustedProxies;
import java.net.InetSocketAddress;
import java.util.function.LongSupplier;

/** Names requests: 128 random bits in hexadecimal, or what a trusted proxy in front calls them. Thread-safe if its source of randomness is. */
public final class RequestIds {
    /** The field that carries the id. */
    public static final String FIELD = "X-Request-Id";

    private static final int LONGEST = 128;

    private final LongSupplier random;
    private final TrustedProxies trusted;

    /**
     * Ids from this source.
     *
     * @param random 64 random bits each time
     * @param trusted whose ids are kept
     */
    public RequestIds(LongSupplier random, TrustedProxies trusted) {
        this.random = random;
        this.trusted = trusted;
    }

    /** The trusted proxy's id if it is of 1 to 128 letters, digits and {@code -._~+/=}; else a new one. */
    String idOf(Session session) {
        if (!trusted.isEmpty()
                && session.remoteAddress() instanceof InetSocketAddress remote
                && remote.getAddress() != null
                && trusted.contains(remote.getAddress())) {
            String given = session.request().headers().get(FIELD);
            if (given != null && isId(given)) {
                return given;
            }
        }
        StringBuilder id = new StringBuilder(32);
        for (int i = 0; i < 2; i++) {
            String half = Long.toHexString(random.getAsLong());
            id.append("0".repeat(16 - half.length())).append(half);
        }
        return id.toString();
    }

    private static boolean isId(String text) {
        return !text.isEmpty()
                && text.length() <= LONGEST
                && text.chars()
                        .allMatch(c -> c >= 'a' && c <= 'z'
                                || c >= 'A' && c <= 'Z'
                                || c >= '0' && c <= '9'
                                || "-._~+/=".indexOf(c) >= 0);
    }
}
