package dev.lawu.proxy.internal.h1;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** RFC 9112, section 2: messages, line ends, versions. */
class Rfc9112Section2MessageTest {
    @Test
    void section2_2_oneEmptyLineBeforeTheRequestIsPassedOver() {
        assertThat(Raw.acceptedRequest("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")).startsWith("GET / HTTP/1.1");
    }

    @Test
    void section2_2_twoEmptyLinesBeforeTheRequestAreRefused() {
        Raw.requestRefused("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "empty-line");
    }

    @Test
    void section2_2_bareLfBeforeTheRequestIsRefused() {
        Raw.requestRefused("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bare-lf");
    }

    @Test
    void section2_2_bareCrBeforeTheRequestIsRefused() {
        Raw.requestRefused("\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bare-cr");
    }

    @Test
    void section2_2_bareLfAtTheEndOfTheRequestLineIsRefused() {
        Raw.requestRefused("GET / HTTP/1.1\nHost: a\r\n\r\n", 400, "bare-lf");
    }

    @Test
    void section2_2_bareCrAtTheEndOfTheRequestLineIsRefused() {
        Raw.requestRefused("GET / HTTP/1.1\rHost: a\r\n\r\n", 400, "bare-cr");
    }

    @Test
    void section2_2_bareLfAtTheEndOfAFieldIsRefused() {
        Raw.requestRefused("GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400, "bare-lf");
    }

    @Test
    void section2_2_bareCrInAFieldIsRefused() {
        Raw.requestRefused("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400, "bare-cr");
    }

    @Test
    void section2_2_bareLfAtTheEndOfTheHeadIsRefused() {
        Raw.requestRefused("GET / HTTP/1.1\r\nHost: a\r\n\n", 400, "bare-lf");
    }

    @Test
    void section2_2_bareCrAtTheEndOfTheHeadIsRefused() {
        Raw.requestRefused("GET / HTTP/1.1\r\nHost: a\r\n\rX", 400, "bare-cr");
    }

    @Test
    void section2_2_spaceBeforeTheFirstFieldIsRefused() {
        Raw.requestRefused("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, "space-before-field");
    }

    @Test
    void section2_2_bareLfInAResponseIsRefused() {
        Raw.responseRefused("HTTP/1.1 200 OK\nX: a\r\n\r\n", "bare-lf");
    }

    @Test
    void section2_2_anEmptyLineBeforeAResponseIsRefused() {
        Raw.responseRefused("\r\nHTTP/1.1 200 OK\r\n\r\n", "bad-version");
    }

    @Test
    void section2_3_lowerCaseHttpIsRefused() {
        Raw.requestRefused("GET / http/1.1\r\nHost: a\r\n\r\n", 400, "bad-version");
    }

    @Test
    void section2_3_anotherProtocolNameIsRefused() {
        Raw.requestRefused("GET / ICY/1.1\r\nHost: a\r\n\r\n", 400, "bad-version");
    }

    @Test
    void section2_3_aVersionOfMoreDigitsIsRefused() {
        Raw.requestRefused("GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400, "bad-request-line");
    }

    @Test
    void section2_3_aVersionWithoutMinorIsRefused() {
        Raw.requestRefused("GET / HTTP/1\r\nHost: a\r\n\r\n", 400, "bad-version");
    }

    @Test
    void section2_3_http2IsNotSupported() {
        Raw.requestRefused("PRI * HTTP/2.0\r\n\r\n", 505, "unsupported-version");
    }

    @Test
    void section2_3_http1_2IsNotSupported() {
        Raw.requestRefused("GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505, "unsupported-version");
    }

    @Test
    void section2_3_http0_9IsRefused() {
        Raw.requestRefused("GET /\r\n", 400, "http-0.9");
    }

    @Test
    void section2_3_aResponseOfHttp2IsRefused() {
        Raw.responseRefused("HTTP/2.0 200 OK\r\n\r\n", "unsupported-version");
    }
}
