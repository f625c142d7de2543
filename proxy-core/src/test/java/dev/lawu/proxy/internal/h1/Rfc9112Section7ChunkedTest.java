package dev.lawu.proxy.internal.h1;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.ProxyOptions;
import org.junit.jupiter.api.Test;

/** RFC 9112, section 7.1: chunked bodies. */
class Rfc9112Section7ChunkedTest {
    @Test
    void section7_1_chunksAreJoined() {
        assertThat(Raw.acceptedChunked("3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n"))
                .isEqualTo("abc0123456789");
        assertThat(Raw.acceptedChunked("0\r\n\r\n")).isEmpty();
        assertThat(Raw.acceptedChunked("0000000000000003\r\nabc\r\n000\r\n\r\n"))
                .isEqualTo("abc");
    }

    @Test
    void section7_1_1_extensionsAreCheckedAndDropped() {
        assertThat(Raw.acceptedChunked(
                        "3;a\r\nabc\r\n1 ; b = \"x;\\\"\r\"".replace("\r\"", "\"") + ";c=d\r\nd\r\n0;e\t=\tf\r\n\r\n"))
                .isEqualTo("abcd");
    }

    @Test
    void section7_1_2_trailersAreKept() {
        assertThat(Raw.acceptedChunked("1\r\na\r\n0\r\nX-Sum: 1\r\nx-b:2\r\n\r\n"))
                .isEqualTo("a|X-Sum: 1\r\nx-b: 2\r\n");
    }

    @Test
    void section7_1_aSizeThatIsNoHexadecimalNumberIsRefused() {
        for (String size : new String[] {"g", "", " 3", "-1", "+1", "0x3", ";a"}) {
            Raw.chunkedRefused(size + "\r\nabc\r\n0\r\n\r\n", 400, "bad-chunk-size");
        }
    }

    @Test
    void section7_1_anOverflowingSizeIsRefused() {
        Raw.chunkedRefused("10000000000000000\r\n", 400, "bad-chunk-size");
        Raw.chunkedRefused("8000000000000000\r\n", 400, "bad-chunk-size");
        Raw.chunkedRefused("ffffffffffffffff\r\n", 400, "bad-chunk-size");
        Raw.chunkedRefused("00000000000000003\r\n", 400, "bad-chunk-size");
    }

    @Test
    void section7_1_aBareLfBehindASizeIsRefused() {
        Raw.chunkedRefused("3\nabc\r\n0\r\n\r\n", 400, "bare-lf");
        Raw.chunkedRefused("3;a=\"\n\"\r\nabc\r\n0\r\n\r\n", 400, "bare-lf");
    }

    @Test
    void section7_1_aBareCrBehindASizeIsRefused() {
        Raw.chunkedRefused("3\rabc\r\n0\r\n\r\n", 400, "bare-cr");
    }

    @Test
    void section7_1_dataThatGoesOnIsRefused() {
        Raw.chunkedRefused("3\r\nabcd\r\n0\r\n\r\n", 400, "bad-chunk-end");
    }

    @Test
    void section7_1_dataThatEndsWithABareLfIsRefused() {
        Raw.chunkedRefused("3\r\nabc\n0\r\n\r\n", 400, "bad-chunk-end");
    }

    @Test
    void section7_1_dataThatEndsWithABareCrIsRefused() {
        Raw.chunkedRefused("3\r\nabc\r0\r\n\r\n", 400, "bare-cr");
    }

    @Test
    void section7_1_theLastLineMustBeCrLf() {
        Raw.chunkedRefused("0\r\n\n", 400, "bare-lf");
        Raw.chunkedRefused("0\r\n\rX", 400, "bare-cr");
    }

    @Test
    void section7_1_1_badExtensionsAreRefused() {
        for (String extension : new String[] {
            ";", ";=a", ";a=", ";a=\"b", ";a b", ";a=b c", ";a=\"b\"c", " a", " ", ";a=b;", ";a =", ";a@"
        }) {
            Raw.chunkedRefused("3" + extension + "\r\nabc\r\n0\r\n\r\n", 400, "bad-chunk-extension");
        }
    }

    @Test
    void section7_1_1_controlsInQuotedExtensionsAreRefused() {
        Raw.chunkedRefused("3;a=\"\u0000\"\r\n", 400, "bad-chunk-extension");
        Raw.chunkedRefused("3;a=\"\\\u0001\"\r\n", 400, "bad-chunk-extension");
    }

    @Test
    void section7_1_1_aLongLineIsRefused() {
        Raw.chunkedRefused("3;" + "a".repeat(9000) + "\r\n", 400, "chunk-line-too-long");
    }

    @Test
    void section7_1_1_moreExtensionsThanDataAreRefused() {
        Raw.chunkedRefused(("1;" + "a".repeat(4000) + "\r\nx\r\n").repeat(6), 400, "chunk-extensions");
    }

    @Test
    void section7_1_2_forbiddenTrailersAreRefused() {
        for (String name : new String[] {
            "Transfer-Encoding",
            "content-length",
            "Host",
            "Content-Encoding",
            "Content-Type",
            "Content-Range",
            "Trailer",
            "Authorization",
            "Set-Cookie",
            "Cache-Control",
            "Connection",
            "TE",
            "Expect",
            "Max-Forwards",
            "Upgrade"
        }) {
            Raw.chunkedRefused("0\r\n" + name + ": x\r\n\r\n", 400, "forbidden-trailer");
        }
    }

    @Test
    void section7_1_2_trailersFollowTheSameSyntax() {
        Raw.chunkedRefused("0\r\nX : a\r\n\r\n", 400, "space-before-colon");
        Raw.chunkedRefused("0\r\nX: a\r\n b\r\n\r\n", 400, "obs-fold");
        Raw.chunkedRefused("0\r\n X: a\r\n\r\n", 400, "obs-fold");
        Raw.chunkedRefused("0\r\nX: a\n\r\n", 400, "bare-lf");
    }

    @Test
    void section7_1_2_tooManyTrailersAre431() {
        ProxyOptions options =
                ProxyOptions.builder().maxFields(1).maxTrailers(64).build();
        Raw.chunkedRefused(options, "0\r\nX: a\r\nY: b\r\n\r\n", 431, "too-many-fields");
        Raw.chunkedRefused(options, "0\r\nX: " + "a".repeat(64) + "\r\n\r\n", 431, "section-too-large");
    }
}
