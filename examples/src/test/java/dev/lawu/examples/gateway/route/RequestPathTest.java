package dev.lawu.examples.gateway.route;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestPathTest {
    private static boolean hasDotSegment(String target) {
        return RequestPath.hasDotSegment(target, RequestPath.end(target));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/..",
                "/.",
                "/./",
                "/../",
                "/a/..",
                "/a/../b",
                "/a/./b",
                "/a/..?q",
                "/%2e%2e/b",
                "/%2E./b",
                "/.%2e",
                "/%2e",
                "/a/%2e/b",
                "/a%2f../b",
                "/a/..%2Fb",
                "/a%5c..%5Cb",
                "/a\\..\\b",
                "/a/..;/b",
                "/a/..;x=1/b",
                "/a/..%3b/b",
                "/.;",
                ".."
            })
    void dotSegmentsAreFoundHoweverTheyAreWritten(String target) {
        assertThat(hasDotSegment(target)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "*",
                "/a.b",
                "/.well-known/x",
                "/..a",
                "/a..",
                "/...",
                "/a/.../b",
                "/a?/../b",
                "/%2e%2e%2e",
                "/%2ea",
                "/%",
                "/%2",
                "/%zz/%2",
                "/a;..",
                "/..%",
                "/..%2",
                "/..%41",
                "host.example.com:443",
                "//a//b/"
            })
    void otherPathsPass(String target) {
        assertThat(hasDotSegment(target)).isFalse();
    }

    @Test
    void unreservedCharactersAreDecodedAndOthersAreNot() {
        assertThat(RequestPath.decodeUnreserved("/%61%5A%30%2d%2E%5f%7e")).isEqualTo("/aZ0-._~");
        assertThat(RequestPath.decodeUnreserved("/%2f%5c%3f%25%00%e4")).isEqualTo("/%2F%5C%3F%25%00%E4");
        assertThat(RequestPath.decodeUnreserved("/%2561/%/%2/%zz")).isEqualTo("/%2561/%/%2/%zz");
    }
}
