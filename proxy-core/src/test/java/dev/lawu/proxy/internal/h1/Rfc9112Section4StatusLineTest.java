package dev.lawu.proxy.internal.h1;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.ProxyOptions;
import org.junit.jupiter.api.Test;

/** RFC 9112, section 4: the status line. */
class Rfc9112Section4StatusLineTest {
    @Test
    void section4_theReasonPhraseIsKept() {
        assertThat(Raw.acceptedResponse("HTTP/1.1 200 All f\u00efne\tnow\r\nX: a\r\n\r\n"))
                .isEqualTo("HTTP/1.1 200 All f\u00efne\tnow body=-2\nX: a\r\n");
    }

    @Test
    void section4_anEmptyReasonPhraseIsAccepted() {
        assertThat(Raw.acceptedResponse("HTTP/1.0 200 \r\n\r\n")).startsWith("HTTP/1.0 200 OK");
        assertThat(Raw.acceptedResponse("HTTP/1.1 200\r\n\r\n")).startsWith("HTTP/1.1 200 OK");
    }

    @Test
    void section4_aStatusOfOtherThanThreeDigitsIsRefused() {
        Raw.responseRefused("HTTP/1.1 20 OK\r\n\r\n", "bad-status-line");
        Raw.responseRefused("HTTP/1.1 2000 OK\r\n\r\n", "bad-status-line");
        Raw.responseRefused("HTTP/1.1 2x0 OK\r\n\r\n", "bad-status-line");
    }

    @Test
    void section4_aStatusOutOfRangeIsRefused() {
        Raw.responseRefused("HTTP/1.1 099 No\r\n\r\n", "bad-status-line");
        Raw.responseRefused("HTTP/1.1 600 No\r\n\r\n", "bad-status-line");
    }

    @Test
    void section4_otherSeparatorsThanSingleSpacesAreRefused() {
        Raw.responseRefused("HTTP/1.1  200 OK\r\n\r\n", "bad-status-line");
        Raw.responseRefused("HTTP/1.1\t200 OK\r\n\r\n", "bad-status-line");
        Raw.responseRefused("HTTP/1.1 200\tOK\r\n\r\n", "bad-status-line");
    }

    @Test
    void section4_aControlInTheReasonPhraseIsRefused() {
        Raw.responseRefused("HTTP/1.1 200 O\u0000K\r\n\r\n", "bad-status-line");
    }

    @Test
    void section4_aStatusLineThatIsTooLongIsRefused() {
        ProxyOptions options = ProxyOptions.builder().maxStartLine(64).build();
        Raw.responseRefused(options, "HTTP/1.1 200 " + "x".repeat(64) + "\r\n\r\n", "status-line-too-long");
    }

    @Test
    void section4_somethingElseIsRefused() {
        Raw.responseRefused("<html>", "bad-version");
    }
}
