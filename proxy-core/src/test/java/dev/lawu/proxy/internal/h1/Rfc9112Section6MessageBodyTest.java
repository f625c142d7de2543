package dev.lawu.proxy.internal.h1;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** RFC 9112, section 6: Transfer-Encoding and Content-Length. */
class Rfc9112Section6MessageBodyTest {
    private static String post(String lines) {
        return "POST / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n\r\n";
    }

    private static String ok(String lines) {
        return "HTTP/1.1 200 OK\r\n" + lines + "\r\n\r\n";
    }

    @Test
    void section6_2_aContentLengthIsAccepted() {
        assertThat(Raw.acceptedRequest(post("Content-Length: 0"))).contains(" body=0\n");
        assertThat(Raw.acceptedRequest(post("content-length:00012"))).contains(" body=12\n");
        assertThat(Raw.acceptedRequest(post("Content-Length: 999999999999999999")))
                .contains(" body=999999999999999999\n");
    }

    @Test
    void section6_1_chunkedIsAcceptedInAnyCase() {
        assertThat(Raw.acceptedRequest(post("Transfer-Encoding: Chunked "))).contains(" body=-1\n");
    }

    @Test
    void section6_3_contentLengthWithTransferEncodingIsRefused() {
        Raw.requestRefused(post("Content-Length: 3\r\nTransfer-Encoding: chunked"), 400, "cl-and-te");
        Raw.requestRefused(post("Transfer-Encoding: chunked\r\nContent-Length: 3"), 400, "cl-and-te");
        Raw.responseRefused(ok("Transfer-Encoding: chunked\r\nContent-Length: 3"), "cl-and-te");
    }

    @Test
    void section6_3_aRepeatedContentLengthIsRefusedEvenIfEqual() {
        Raw.requestRefused(post("Content-Length: 3\r\nContent-Length: 3"), 400, "duplicate-content-length");
        Raw.requestRefused(post("Content-Length: 3\r\nContent-length: 4"), 400, "duplicate-content-length");
        Raw.responseRefused(ok("Content-Length: 3\r\nContent-Length: 3"), "duplicate-content-length");
    }

    @Test
    void section6_2_aSignedContentLengthIsRefused() {
        Raw.requestRefused(post("Content-Length: +3"), 400, "bad-content-length");
        Raw.requestRefused(post("Content-Length: -3"), 400, "bad-content-length");
    }

    @Test
    void section6_2_aListedContentLengthIsRefused() {
        Raw.requestRefused(post("Content-Length: 3, 3"), 400, "bad-content-length");
        Raw.responseRefused(ok("Content-Length: 3,3"), "bad-content-length");
    }

    @Test
    void section6_2_aSpacedContentLengthIsRefused() {
        Raw.requestRefused(post("Content-Length: 3 4"), 400, "bad-content-length");
    }

    @Test
    void section6_2_aHexadecimalContentLengthIsRefused() {
        Raw.requestRefused(post("Content-Length: 0x10"), 400, "bad-content-length");
        Raw.requestRefused(post("Content-Length: a"), 400, "bad-content-length");
    }

    @Test
    void section6_2_anEmptyContentLengthIsRefused() {
        Raw.requestRefused(post("Content-Length:"), 400, "bad-content-length");
    }

    @Test
    void section6_2_anOverflowingContentLengthIsRefused() {
        Raw.requestRefused(post("Content-Length: 18446744073709551617"), 400, "bad-content-length");
        Raw.requestRefused(post("Content-Length: 0000000000000000001"), 400, "bad-content-length");
    }

    @Test
    void section6_1_transferEncodingInHttp1_0IsRefused() {
        Raw.requestRefused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "te-in-1.0");
        Raw.responseRefused("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "te-in-1.0");
    }

    @Test
    void section6_1_anUnknownCodingIs501() {
        Raw.requestRefused(post("Transfer-Encoding: gzip, chunked"), 501, "unknown-transfer-coding");
        Raw.requestRefused(
                post("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked"), 501, "unknown-transfer-coding");
    }

    @Test
    void section6_3_chunkedThatIsNotFinalIsRefused() {
        Raw.requestRefused(post("Transfer-Encoding: chunked, gzip"), 400, "bad-transfer-encoding");
        Raw.requestRefused(post("Transfer-Encoding: identity"), 400, "bad-transfer-encoding");
        Raw.requestRefused(
                post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"), 400, "bad-transfer-encoding");
    }

    @Test
    void section6_1_repeatedChunkedIsRefused() {
        Raw.requestRefused(post("Transfer-Encoding: chunked, chunked"), 400, "bad-transfer-encoding");
        Raw.requestRefused(
                post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), 400, "bad-transfer-encoding");
    }

    @Test
    void section6_1_misspeltChunkedIsRefused() {
        for (String wrong : new String[] {
            "xchunked",
            "chunke",
            "chunked1",
            "\"chunked\"",
            "chunked;q=1",
            "chun ked",
            ",chunked",
            "chunked,",
            "\u000bchunked"
        }) {
            Raw.requestRefused(
                    post("Transfer-Encoding: " + wrong),
                    400,
                    wrong.charAt(0) == '\u000b' ? "bad-field-value" : "bad-transfer-encoding");
        }
        Raw.responseRefused(ok("Transfer-Encoding: xchunked"), "bad-transfer-encoding");
    }

    @Test
    void section6_1_anEmptyTransferEncodingIsRefused() {
        Raw.requestRefused(post("Transfer-Encoding:"), 400, "bad-transfer-encoding");
    }

    @Test
    void section6_1_noContentStatusesHaveNoTransferEncoding() {
        Raw.responseRefused("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", "body-not-allowed");
        Raw.responseRefused("HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n", "body-not-allowed");
    }

    @Test
    void section6_2_noContentStatusesHaveNoContentLength() {
        Raw.responseRefused("HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n", "body-not-allowed");
        assertThat(Raw.acceptedResponse("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nX: a\r\n\r\n"))
                .endsWith("\nX: a\r\n");
    }
}
