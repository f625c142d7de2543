package dev.lawu.proxy.internal.h1;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.http.RequestHead;
import org.junit.jupiter.api.Test;

/** RFC 9112, section 3: the request line and the forms of its target. */
class Rfc9112Section3RequestLineTest {
    private static String get(String target) {
        return "GET " + target + " HTTP/1.1\r\nHost: a.example\r\n\r\n";
    }

    @Test
    void section3_targetAndMethodAreKept() {
        assertThat(Raw.acceptedRequest("PURGE /a/../%2e?q=1&r=[] HTTP/1.1\r\nHost: a\r\n\r\n"))
                .isEqualTo("PURGE /a/../%2e?q=1&r=[] HTTP/1.1 scheme=null body=-2\nHost: a\r\n");
    }

    @Test
    void section3_usualMethodsAreSharedStrings() throws Refusal {
        for (String method : new String[] {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"}) {
            RequestHead head = Raw.request(method + " / HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(head.method()).isSameAs(method);
        }
    }

    @Test
    void section3_methodsAreCaseSensitive() {
        assertThat(Raw.acceptedRequest("get / HTTP/1.1\r\nHost: a\r\n\r\n")).startsWith("get /");
        assertThat(Raw.acceptedRequest("GEX / HTTP/1.1\r\nHost: a\r\n\r\n")).startsWith("GEX /");
    }

    @Test
    void section3_aRequestLineAsLongAsAllowedIsAccepted() {
        ProxyOptions options = ProxyOptions.builder().maxStartLine(64).build();
        String path = "/" + "x".repeat(64 - "GET / HTTP/1.1".length());
        assertThat(Raw.acceptedRequest(options, get(path))).startsWith("GET " + path);
    }

    @Test
    void section3_aRequestLineThatIsTooLongIs414() {
        ProxyOptions options = ProxyOptions.builder().maxStartLine(64).build();
        String path = "/" + "x".repeat(65 - "GET / HTTP/1.1".length());
        Raw.requestRefused(options, get(path), 414, "request-line-too-long");
        Raw.requestRefused(options, get("/" + "x".repeat(5000)), 414, "request-line-too-long");
    }

    @Test
    void section3_1_aMethodThatIsNoTokenIsRefused() {
        Raw.requestRefused("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-request-line");
    }

    @Test
    void section3_1_aMissingMethodIsRefused() {
        Raw.requestRefused(" / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-request-line");
    }

    @Test
    void section3_1_aTlsHandshakeIsRefused() {
        Raw.requestRefused("\u0016\u0003\u0001\u0002\u0000\u0001", 400, "bad-request-line");
    }

    @Test
    void section3_twoSpacesBeforeTheTargetAreRefused() {
        Raw.requestRefused("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-request-line");
    }

    @Test
    void section3_aTabBehindTheMethodIsRefused() {
        Raw.requestRefused("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-request-line");
    }

    @Test
    void section3_twoSpacesBeforeTheVersionAreRefused() {
        Raw.requestRefused("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-request-line");
    }

    @Test
    void section3_aSpaceInTheTargetIsRefused() {
        Raw.requestRefused("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-version");
    }

    @Test
    void section3_aSpaceBehindTheVersionIsRefused() {
        Raw.requestRefused("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400, "bad-request-line");
    }

    @Test
    void section3_2_aFragmentIsRefused() {
        Raw.requestRefused(get("/a#b"), 400, "bad-target");
    }

    @Test
    void section3_2_aControlInTheTargetIsRefused() {
        Raw.requestRefused(get("/a\u0000b"), 400, "bad-target");
        Raw.requestRefused(get("/a\u007fb"), 400, "bad-target");
    }

    @Test
    void section3_2_aByteAbove127InTheTargetIsRefused() {
        Raw.requestRefused(get("/\u00e9"), 400, "bad-target");
    }

    @Test
    void section3_2_1_aTargetWithoutSlashIsRefused() {
        Raw.requestRefused(get("index.html"), 400, "bad-target");
    }

    @Test
    void section3_2_2_anAbsoluteFormBecomesItsOriginForm() {
        assertThat(Raw.acceptedRequest(get("http://a.example/b?c"))).startsWith("GET /b?c HTTP/1.1 scheme=http ");
        assertThat(Raw.acceptedRequest(get("HTTPS://A.Example/b"))).startsWith("GET /b HTTP/1.1 scheme=https ");
    }

    @Test
    void section3_2_2_anAbsoluteFormWithoutPathGetsOne() {
        assertThat(Raw.acceptedRequest(get("http://a.example"))).startsWith("GET / HTTP/1.1 scheme=http ");
        assertThat(Raw.acceptedRequest(get("http://a.example?q"))).startsWith("GET /?q HTTP/1.1 scheme=http ");
    }

    @Test
    void section3_2_2_theDefaultPortMayBeGivenOrNot() {
        assertThat(Raw.acceptedRequest(get("http://a.example:80/"))).startsWith("GET / ");
        assertThat(Raw.acceptedRequest(get("https://a.example:443/"))).startsWith("GET / ");
    }

    @Test
    void section3_2_2_anAbsoluteFormOfAnotherHostIsRefused() {
        Raw.requestRefused(get("http://b.example/"), 400, "host-mismatch");
    }

    @Test
    void section3_2_2_anAbsoluteFormOfAnotherPortIsRefused() {
        Raw.requestRefused(get("http://a.example:81/"), 400, "host-mismatch");
        Raw.requestRefused(get("https://a.example:80/"), 400, "host-mismatch");
    }

    @Test
    void section3_2_2_userInformationIsRefused() {
        Raw.requestRefused(get("http://a.example@b.example/"), 400, "bad-target");
        Raw.requestRefused(get("http://user:pw@a.example/"), 400, "bad-target");
    }

    @Test
    void section3_2_2_anEmptyAuthorityIsRefused() {
        Raw.requestRefused(get("http:///a"), 400, "bad-target");
    }

    @Test
    void section3_2_2_anotherSchemeIsRefused() {
        Raw.requestRefused(get("ftp://a.example/"), 400, "bad-target");
    }

    @Test
    void section3_2_2_theAuthorityBecomesTheHostOfAnOldRequest() {
        assertThat(Raw.acceptedRequest("GET http://a.example:81/b HTTP/1.0\r\n\r\n"))
                .isEqualTo("GET /b HTTP/1.0 scheme=http body=-2\nHost: a.example:81\r\n");
    }

    @Test
    void section3_2_3_connectTakesHostAndPort() {
        assertThat(Raw.acceptedRequest("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n"))
                .startsWith("CONNECT a.example:443 HTTP/1.1");
        assertThat(Raw.acceptedRequest("CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]\r\n\r\n"))
                .startsWith("CONNECT [::1]:443 HTTP/1.1");
    }

    @Test
    void section3_2_3_connectWithoutPortIsRefused() {
        Raw.requestRefused("CONNECT a.example HTTP/1.1\r\nHost: a.example\r\n\r\n", 400, "bad-target");
        Raw.requestRefused("CONNECT a.example: HTTP/1.1\r\nHost: a.example\r\n\r\n", 400, "bad-target");
        Raw.requestRefused("CONNECT a.example:0 HTTP/1.1\r\nHost: a.example\r\n\r\n", 400, "bad-target");
        Raw.requestRefused("CONNECT a.example:70000 HTTP/1.1\r\nHost: a.example\r\n\r\n", 400, "bad-target");
    }

    @Test
    void section3_2_3_connectWithAPathIsRefused() {
        Raw.requestRefused("CONNECT / HTTP/1.1\r\nHost: a.example\r\n\r\n", 400, "bad-target");
    }

    @Test
    void section3_2_3_connectToAnotherHostThanHostIsRefused() {
        Raw.requestRefused("CONNECT a.example:443 HTTP/1.1\r\nHost: b.example:443\r\n\r\n", 400, "host-mismatch");
    }

    @Test
    void section3_2_3_connectWithABodyIsRefused() {
        Raw.requestRefused("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nContent-Length: 5\r\n\r\n", 400, "connect-with-body");
    }

    @Test
    void section3_2_3_anAuthorityFormOfAnotherMethodIsRefused() {
        Raw.requestRefused(get("a.example:80"), 400, "bad-target");
    }

    @Test
    void section3_2_4_optionsTakesAnAsterisk() {
        assertThat(Raw.acceptedRequest("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")).startsWith("OPTIONS * ");
        assertThat(Raw.acceptedRequest("OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n"))
                .startsWith("OPTIONS * ");
    }

    @Test
    void section3_2_4_anAsteriskOfAnotherMethodIsRefused() {
        Raw.requestRefused(get("*"), 400, "bad-target");
        Raw.requestRefused("OPTIONS ** HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-target");
    }
}
