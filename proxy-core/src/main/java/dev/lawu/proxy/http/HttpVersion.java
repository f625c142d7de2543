package dev.lawu.proxy.http;

/** The version of HTTP that a message was received in, or is to be sent in. */
public enum HttpVersion {
    /** HTTP/1.0, RFC 1945. */
    HTTP_1_0("HTTP/1.0", "1.0"),
    /** HTTP/1.1, RFC 9112. */
    HTTP_1_1("HTTP/1.1", "1.1"),
    /** HTTP/2, RFC 9113. */
    HTTP_2("HTTP/2", "2.0"),
    /** HTTP/3, RFC 9114. */
    HTTP_3("HTTP/3", "3.0");

    private final String text;
    private final String viaText;

    HttpVersion(String text, String viaText) {
        this.text = text;
        this.viaText = viaText;
    }

    /** The name as logs write it: {@code HTTP/1.1}. */
    public String text() {
        return text;
    }

    /** The received-protocol of a {@code Via} field (RFC 9110, section 7.6.3): {@code 1.1}. */
    public String viaText() {
        return viaText;
    }

    /** True for HTTP/1.0 and HTTP/1.1, the versions with textual framing. */
    public boolean isHttp1() {
        return this == HTTP_1_0 || this == HTTP_1_1;
    }

    @Override
    public String toString() {
        return text;
    }
}
