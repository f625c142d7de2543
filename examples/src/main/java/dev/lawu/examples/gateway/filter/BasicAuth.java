package dev.lawu.examples.gateway.filter;

import dev.lawu.examples.gateway.action.RequestVariables;
import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.LocalResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Asks for a name and a password (RFC 7617); without them 401.
 *
 * <p>Passwords are hashed slowly, on the blocking executor, on half of the processors at most, whichever routes they are for; above that the answer is 503, so that guessing cannot take all the processors. A password that was
 * right is remembered, as a digest under a key of this process, so that further requests with it cost next to nothing.
 */
public final class BasicAuth implements RequestCheck {
    private static final int MAX_REMEMBERED = 1024;
    private static final Semaphore HASHING =
            new Semaphore(Math.max(1, Runtime.getRuntime().availableProcessors() / 2));
    private static final String SCHEME = "Basic ";
    private static final FilterResult BUSY = FilterResult.respond(LocalResponse.of(503)
            .header("Retry-After", "1")
            .text("503 Service Unavailable: too many passwords to check\n"));

    private final Map<String, PasswordHash> users;
    private final FilterResult challenge;
    private final byte[] key = new byte[32];
    private final Map<String, Boolean> remembered = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
            return size() > MAX_REMEMBERED;
        }
    };
    private final PasswordHash nobody;

    /**
     * These users.
     *
     * @param realm what the browser says the password is for
     */
    public BasicAuth(String realm, Map<String, PasswordHash> users) {
        this.users = Map.copyOf(users);
        this.challenge = FilterResult.respond(LocalResponse.of(401)
                .header(
                        "WWW-Authenticate",
                        "Basic realm=\"" + realm.replace("\\", "\\\\").replace("\"", "\\\"") + "\", charset=\"UTF-8\"")
                .text("401 Unauthorized\n"));
        new SecureRandom().nextBytes(key);
        PasswordHash locked = PasswordHash.parse(PasswordHash.LOCKED);
        if (locked == null) {
            throw new AssertionError(PasswordHash.LOCKED);
        }
        nobody = locked;
    }

    @Override
    public FilterResult check(RequestVariables variables) {
        String credentials = credentials(variables.request().headers().get("Authorization"));
        int colon = credentials == null ? -1 : credentials.indexOf(':');
        if (credentials == null || colon < 0) {
            return challenge;
        }
        String digest = digest(credentials);
        synchronized (remembered) {
            if (remembered.get(digest) != null) {
                return FilterResult.proceed();
            }
        }
        // An unknown name takes as long as a known one, so that names cannot be found out.
        PasswordHash hash = users.getOrDefault(credentials.substring(0, colon), nobody);
        String password = credentials.substring(colon + 1);
        return FilterResult.blocking(() -> verify(hash, password, digest));
    }

    private FilterResult verify(PasswordHash hash, String password, String digest) {
        if (!HASHING.tryAcquire()) {
            return BUSY;
        }
        try {
            if (!hash.matches(password)) {
                return challenge;
            }
        } finally {
            HASHING.release();
        }
        synchronized (remembered) {
            remembered.put(digest, true);
        }
        return FilterResult.proceed();
    }

    /** {@code NAME:PASSWORD}; null if there is none. */
    private static @Nullable String credentials(@Nullable String field) {
        if (field == null || !field.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            return null;
        }
        try {
            byte[] decoded =
                    Base64.getDecoder().decode(field.substring(SCHEME.length()).trim());
            return new String(decoded, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private String digest(String credentials) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            sha256.update(key);
            return Base64.getEncoder().encodeToString(sha256.digest(credentials.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("SHA-256, which every JDK has", e);
        }
    }
}
