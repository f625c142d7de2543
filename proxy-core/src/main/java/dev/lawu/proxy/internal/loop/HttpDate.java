package dev.lawu.proxy.internal.loop;

import dev.lawu.proxy.spi.TimeSource;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** The value of {@code Date} (RFC 9110, section 5.6.7), made once a second. Confined to its loop. */
public final class HttpDate {
    // RFC_1123_DATE_TIME would write a one-digit day; the RFC wants two.
    private static final DateTimeFormatter IMF_FIXDATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH)
            .withZone(ZoneOffset.UTC);

    private final TimeSource time;
    private long second = Long.MIN_VALUE;
    private String text = "";

    HttpDate(TimeSource time) {
        this.time = time;
    }

    /** The present date. */
    public String now() {
        long present = Math.floorDiv(time.currentTimeMillis(), 1000);
        if (present != second) {
            second = present;
            text = IMF_FIXDATE.format(Instant.ofEpochSecond(present));
        }
        return text;
    }
}
