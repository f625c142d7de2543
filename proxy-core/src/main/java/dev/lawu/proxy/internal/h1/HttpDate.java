package dev.lawu.proxy.internal.h1;

import dev.lawu.proxy.spi.TimeSource;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** The value of {@code Date} (RFC 9110, section 5.6.7) for answers that no exchange gives. */
final class HttpDate {
    private static final DateTimeFormatter FORMAT = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
            .withZone(ZoneOffset.UTC);

    private HttpDate() {}

    static String format(TimeSource time) {
        return FORMAT.format(Instant.ofEpochMilli(time.currentTimeMillis()));
    }
}
