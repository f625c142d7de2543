package dev.lawu.proxy.internal.h1;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** RFC 9110, section 7.2, and RFC 9112, section 3.2: Host. */
class Rfc9110Section7HostTest {
    private static String host(String value) {
        return "GET / HTTP/1.1\r\nHost: " + value + "\r\n\r\n";
    }

    @Test
    void section7_2_hostsAreAccepted() {
        for (String host : new String[] {
            "a", "a.example", "A.EXAMPLE:8080", "127.0.0.1:1", "[::1]", "[2001:db8::1]:443", "a_b", "x%20y", "a:"
        }) {
            assertThat(Raw.acceptedRequest(host(host))).endsWith("Host: " + host + "\r\n");
        }
    }

    @Test
    void section7_2_anOldRequestMayLackHost() {
        assertThat(Raw.acceptedRequest("GET / HTTP/1.0\r\n\r\n")).startsWith("GET / HTTP/1.0");
    }

    @Test
    void section7_2_aMissingHostIsRefused() {
        Raw.requestRefused("GET / HTTP/1.1\r\n\r\n", 400, "missing-host");
    }

    @Test
    void section7_2_aRepeatedHostIsRefused() {
        Raw.requestRefused("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", 400, "duplicate-host");
    }

    @Test
    void section7_2_anEmptyHostIsRefused() {
        Raw.requestRefused(host(""), 400, "bad-host");
        Raw.requestRefused(host(":80"), 400, "bad-host");
    }

    @Test
    void section7_2_aListOfHostsIsRefused() {
        Raw.requestRefused(host("a, b"), 400, "bad-host");
    }

    @Test
    void section7_2_userInformationIsRefused() {
        Raw.requestRefused(host("user@a"), 400, "bad-host");
    }

    @Test
    void section7_2_aPathIsRefused() {
        Raw.requestRefused(host("a/b"), 400, "bad-host");
        Raw.requestRefused(host("http://a"), 400, "bad-host");
    }

    @Test
    void section7_2_aBadPortIsRefused() {
        Raw.requestRefused(host("a:b"), 400, "bad-host");
        Raw.requestRefused(host("a:65536"), 400, "bad-host");
        Raw.requestRefused(host("a:-1"), 400, "bad-host");
        Raw.requestRefused(host("a:80:80"), 400, "bad-host");
        Raw.requestRefused(host("a:99999999999999999999"), 400, "bad-host");
    }

    @Test
    void section7_2_aBadIpLiteralIsRefused() {
        Raw.requestRefused(host("[::1"), 400, "bad-host");
        Raw.requestRefused(host("[::1]a"), 400, "bad-host");
        Raw.requestRefused(host("[1.2.3.4]"), 400, "bad-host");
        Raw.requestRefused(host("[fe80::1%eth0]"), 400, "bad-host");
        Raw.requestRefused(host("::1"), 400, "bad-host");
        Raw.requestRefused(host("[]"), 400, "bad-host");
    }

    @Test
    void section7_2_aBadPercentEncodingIsRefused() {
        Raw.requestRefused(host("a%2"), 400, "bad-host");
        Raw.requestRefused(host("a%zz"), 400, "bad-host");
    }

    @Test
    void section7_2_obsTextIsRefused() {
        Raw.requestRefused(host("\u00e9.example"), 400, "bad-host");
    }

    @Test
    void section10_1_1_continueIsAccepted() {
        assertThat(Raw.acceptedRequest("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\r\n"))
                .contains("Expect: 100-Continue");
    }

    @Test
    void section10_1_1_anotherExpectationIs417() {
        Raw.requestRefused("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n", 417, "bad-expectation");
    }

    @Test
    void section10_1_1_theExpectationOfAnOldRequestIsIgnored() {
        assertThat(Raw.acceptedRequest("PUT / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n"))
                .isEqualTo("PUT / HTTP/1.0 scheme=null body=-2\n");
    }
}
