package dev.lawu.examples.gateway.filter;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.jspecify.annotations.Nullable;

/** A password that is not known: {@code pbkdf2-sha256$ITERATIONS$SALT$HASH}, salt and hash in Base64 (RFC 8018). {@code !} is one that nobody knows. Immutable. */
public final class PasswordHash {
    /** What messages say is expected. */
    public static final String EXPECTED =
            "pbkdf2-sha256$ITERATIONS$SALT$HASH, as gateway --hash-password makes it, or \"!\" for no password";

    /** No password has it. */
    public static final String LOCKED = "!";

    private static final int ITERATIONS = 600_000;
    private static final int MAX_ITERATIONS = 10_000_000;
    private static final Pattern FORMAT =
            Pattern.compile("pbkdf2-sha256\\$([0-9]{1,8})\\$([A-Za-z0-9+/]{8,88}={0,2})\\$([A-Za-z0-9+/]{43}=)");

    private final int iterations;
    private final byte[] salt;
    private final byte[] hash;

    private PasswordHash(int iterations, byte[] salt, byte[] hash) {
        this.iterations = iterations;
        this.salt = salt;
        this.hash = hash;
    }

    /** Reads a hash; null if it is none. */
    public static @Nullable PasswordHash parse(String text) {
        if (text.equals(LOCKED)) {
            return new PasswordHash(ITERATIONS, LOCKED.getBytes(StandardCharsets.US_ASCII), new byte[0]);
        }
        Matcher matcher = FORMAT.matcher(text);
        if (!matcher.matches()) {
            return null;
        }
        int iterations = Integer.parseInt(matcher.group(1));
        try {
            return iterations < 1 || iterations > MAX_ITERATIONS
                    ? null
                    : new PasswordHash(
                            iterations,
                            Base64.getDecoder().decode(matcher.group(2)),
                            Base64.getDecoder().decode(matcher.group(3)));
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** Hashes a password with a salt of its own. Takes a fraction of a second, on purpose. */
    public static String of(String password) {
        byte[] salt = new byte[16];
        new SecureRandom().nextBytes(salt);
        Base64.Encoder encoder = Base64.getEncoder();
        return "pbkdf2-sha256$" + ITERATIONS + "$" + encoder.encodeToString(salt) + "$"
                + encoder.encodeToString(derive(password, salt, ITERATIONS));
    }

    /** True if this is the password. Takes as long as the hash's iterations want, so never on an event loop. */
    boolean matches(String password) {
        return MessageDigest.isEqual(hash, derive(password, salt, iterations));
    }

    private static byte[] derive(String password, byte[] salt, int iterations) {
        try {
            return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                    .generateSecret(new PBEKeySpec(password.toCharArray(), salt, iterations, 256))
                    .getEncoded();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("PBKDF2WithHmacSHA256, which every JDK has", e);
        }
    }
}
