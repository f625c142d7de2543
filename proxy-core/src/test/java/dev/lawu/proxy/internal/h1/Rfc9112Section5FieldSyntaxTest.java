package dev.lawu.proxy.internal.h1;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.ProxyOptions;
import org.junit.jupiter.api.Test;

/** RFC 9112, section 5: field lines. */
class Rfc9112Section5FieldSyntaxTest {
    private static String with(String line) {
        return "GET / HTTP/1.1\r\nHost: a\r\n" + line + "\r\n\r\n";
    }

    @Test
    void section5_caseAndOrderAreKept() {
        assertThat(Raw.acceptedRequest("GET / HTTP/1.1\r\nzZ: 1\r\nHOST: a\r\nAa: 2\r\nzz: 3\r\n\r\n"))
                .endsWith("zZ: 1\r\nHOST: a\r\nAa: 2\r\nzz: 3\r\n");
    }

    @Test
    void section5_5_obsTextIsKept() {
        assertThat(Raw.acceptedRequest(with("X: caf\u00e9 \u0080\u00ff"))).contains("X: caf\u00e9 \u0080\u00ff\r\n");
    }

    @Test
    void section5_5_tabsWithinValuesAreKept() {
        assertThat(Raw.acceptedRequest(with("X: a\tb  c"))).contains("X: a\tb  c\r\n");
    }

    @Test
    void section5_1_whiteSpaceAroundValuesIsNotPartOfThem() {
        assertThat(Raw.acceptedRequest(with("X: \t a \t "))).contains("X: a\r\n");
        assertThat(Raw.acceptedRequest(with("X:a"))).contains("X: a\r\n");
    }

    @Test
    void section5_5_emptyValuesAreAccepted() {
        assertThat(Raw.acceptedRequest(with("X:"))).contains("X: \r\n");
        assertThat(Raw.acceptedRequest(with("X: \t "))).contains("X: \r\n");
    }

    @Test
    void section5_1_spaceBeforeTheColonIsRefused() {
        Raw.requestRefused(with("X : a"), 400, "space-before-colon");
        Raw.requestRefused(with("X\t: a"), 400, "space-before-colon");
        Raw.responseRefused("HTTP/1.1 200 OK\r\nX : a\r\n\r\n", "space-before-colon");
    }

    @Test
    void section5_1_anEmptyNameIsRefused() {
        Raw.requestRefused(with(": a"), 400, "empty-field-name");
    }

    @Test
    void section5_1_aNameThatIsNoTokenIsRefused() {
        Raw.requestRefused(with("X(: a"), 400, "bad-field-name");
        Raw.requestRefused(with("\u00e9: a"), 400, "bad-field-name");
        Raw.requestRefused(with("X\u0000: a"), 400, "bad-field-name");
    }

    @Test
    void section5_1_aLineWithoutColonIsRefused() {
        Raw.requestRefused(with("X"), 400, "bad-field-name");
    }

    @Test
    void section5_2_obsFoldIsRefused() {
        Raw.requestRefused(with("X: a\r\n b"), 400, "obs-fold");
        Raw.requestRefused(with("X: a\r\n\tb"), 400, "obs-fold");
        Raw.responseRefused("HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", "obs-fold");
    }

    @Test
    void section5_5_everyControlInAValueIsRefused() {
        for (int control = 0; control < 0x20; control++) {
            if (control != '\t' && control != '\r' && control != '\n') {
                for (String around : new String[] {"", "abcdefgh", "\u00ff\u00ff\u00ff"}) {
                    Raw.requestRefused(with("X: " + around + (char) control + around), 400, "bad-field-value");
                }
            }
        }
        Raw.requestRefused(with("X: abcdefghijk\u007f"), 400, "bad-field-value");
    }

    @Test
    void section5_4_tooManyFieldsAre431() {
        ProxyOptions options = ProxyOptions.builder().maxFields(2).build();
        assertThat(Raw.acceptedRequest(options, with("X: a"))).contains("X: a");
        Raw.requestRefused(options, with("X: a\r\nY: b"), 431, "too-many-fields");
    }

    @Test
    void section5_4_aHeadAsLargeAsAllowedIsAccepted() {
        ProxyOptions options = ProxyOptions.builder().maxHead(256).build();
        String value = "x".repeat(256 - with("X: ").length());
        assertThat(Raw.acceptedRequest(options, with("X: " + value))).contains(value);
    }

    @Test
    void section5_4_aHeadThatIsTooLargeIs431() {
        ProxyOptions options = ProxyOptions.builder().maxHead(256).build();
        String value = "x".repeat(257 - with("X: ").length());
        Raw.requestRefused(options, with("X: " + value), 431, "section-too-large");
        Raw.requestRefused(options, with("X: " + "x".repeat(5000)), 431, "section-too-large");
        Raw.responseRefused(options, "HTTP/1.1 200 OK\r\nX: " + "x".repeat(300) + "\r\n\r\n", "section-too-large");
    }
}
