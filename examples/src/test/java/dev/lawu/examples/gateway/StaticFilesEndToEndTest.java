package dev.lawu.examples.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.examples.gateway.TestGateway.Answer;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files, from the directory to the bytes. */
class StaticFilesEndToEndTest {
    private static final String SITE = """
            routes:
              - { match: {}, files: { root: site, types: { ics: text/calendar } }, error-pages: { pages: { 404: { body: page } } } }
              - { match: { path-prefix: /app/ }, strip-prefix: /app, files: { root: site/spa, fallback: index.html, hidden-files: true } }
            """;
    private static final String DIGITS = "0123456789abcdefghij";
    private static final String MODIFIED = "Wed, 05 Aug 2026 07:08:09 GMT";

    @TempDir
    private Path directory;

    private Path site;

    @BeforeEach
    void makeSite() throws Exception {
        site = Files.createDirectories(directory.resolve("site"));
        Files.createDirectories(site.resolve("dir/sub"));
        Files.createDirectories(site.resolve("spa"));
        Files.createDirectories(site.resolve(".well-known"));
        Files.writeString(site.resolve("index.html"), "home");
        Files.writeString(site.resolve("dir/index.html"), "dir's");
        Files.writeString(site.resolve("spa/index.html"), "spa");
        Files.writeString(site.resolve("spa/.env"), "shown");
        Files.writeString(site.resolve("digits.txt"), DIGITS);
        Files.writeString(site.resolve("empty.css"), "");
        Files.writeString(site.resolve("a b+ü.ICS"), "calendar");
        Files.writeString(site.resolve(".env"), "secret");
        Files.writeString(site.resolve(".well-known/x"), "known");
        Files.writeString(directory.resolve("secret.txt"), "secret");
        Files.createSymbolicLink(site.resolve("out.txt"), directory.resolve("secret.txt"));
        Files.createSymbolicLink(site.resolve("outside"), directory);
        Files.createSymbolicLink(site.resolve("in.txt"), Path.of("digits.txt"));
        Files.setLastModifiedTime(
                site.resolve("digits.txt"), FileTime.from(Instant.parse("2026-08-05T07:08:09.123456789Z")));
    }

    private TestGateway start() throws Exception {
        return new TestGateway(directory, SITE);
    }

    @Test
    void filesAreShownWithTheirType() throws Exception {
        try (TestGateway gateway = start()) {
            Answer digits = gateway.get("/digits.txt?x=/../y");
            assertThat(digits.status()).isEqualTo(200);
            assertThat(digits.body()).isEqualTo(DIGITS);
            assertThat(digits.field("Content-Type")).isEqualTo("text/plain; charset=utf-8");
            assertThat(digits.field("Content-Length")).isEqualTo("20");
            assertThat(digits.field("Accept-Ranges")).isEqualTo("bytes");
            assertThat(digits.field("Last-Modified")).isEqualTo(MODIFIED);
            assertThat(digits.field("ETag")).matches("\"[0-9a-f]+-14\"");
            assertThat(gateway.get("/a%20b+%C3%BC.ICS").field("Content-Type")).isEqualTo("text/calendar");
            assertThat(gateway.get("/empty.css").field("Content-Length")).isEqualTo("0");
            assertThat(gateway.get("/in.txt").body()).isEqualTo(DIGITS);
            assertThat(gateway.get("/.well-known/x").body()).isEqualTo("known");
        }
    }

    @Test
    void aDirectoryHasAnIndex() throws Exception {
        try (TestGateway gateway = start()) {
            assertThat(gateway.get("/").body()).isEqualTo("home");
            assertThat(gateway.get("/dir/").body()).isEqualTo("dir's");
            Answer redirect = gateway.get("/dir?a=b");
            assertThat(redirect.status()).isEqualTo(301);
            assertThat(redirect.field("Location")).isEqualTo("/dir/?a=b");
            assertThat(gateway.get("/dir/sub/").status()).isEqualTo(404);
            assertThat(gateway.get("/digits.txt/").status()).isEqualTo(404);
        }
    }

    @Test
    void aFallbackStandsInForWhatIsNotThere() throws Exception {
        try (TestGateway gateway = start()) {
            assertThat(gateway.get("/app/").body()).isEqualTo("spa");
            assertThat(gateway.get("/app/users/1").body()).isEqualTo("spa");
            assertThat(gateway.get("/app/.env").body()).isEqualTo("shown");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/none",
                "/.env",
                "/dir/%2eenv",
                "/out.txt",
                "/outside/secret.txt",
                "/outside/",
                "//index.html",
                "/dir//index.html",
                "/dir%2Findex.html",
                "/dir%5Cindex.html",
                "/index.html%00",
                "/%00",
                "/index.html%0A",
                "/%FF",
                "/%zz",
                "/%",
                "//evil.example/dir"
            })
    void whatIsNotToBeShownIsNotThere(String path) throws Exception {
        try (TestGateway gateway = start()) {
            Answer answer = gateway.get(path);
            // A malformed path may be refused before any route is looked at.
            assertThat(answer.status()).isIn(400, 404);
            assertThat(answer.text())
                    .doesNotContain("secret")
                    .doesNotContain("home")
                    .doesNotContain("dir's");
            if (answer.status() == 404) {
                assertThat(answer.body()).isEqualTo("page");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/../secret.txt",
                "/dir/../../secret.txt",
                "/%2e%2e/secret.txt",
                "/%2E./secret.txt",
                "/dir/..%2f..%2fsecret.txt",
                "/..%5csecret.txt",
                "/..;/secret.txt"
            })
    void dotSegmentsAreRefused(String path) throws Exception {
        try (TestGateway gateway = start()) {
            Answer answer = gateway.get(path);
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.body()).doesNotContain("secret.txt");
        }
    }

    @Test
    void filesCanOnlyBeRead() throws Exception {
        try (TestGateway gateway = start()) {
            Answer post = gateway.send("POST", "/digits.txt", "x");
            assertThat(post.status()).isEqualTo(405);
            assertThat(post.field("Allow")).isEqualTo("GET, HEAD");
            Answer head = gateway.send("HEAD", "/digits.txt", "", "Range: bytes=0-1");
            assertThat(head.status()).isEqualTo(200);
            assertThat(head.field("Content-Length")).isEqualTo("20");
            assertThat(head.body()).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "bytes=0-3      | 206 | bytes 0-3/20   | 0123",
                "bytes=5-       | 206 | bytes 5-19/20  | 56789abcdefghij",
                "bytes=-4       | 206 | bytes 16-19/20 | ghij",
                "BYTES=-99      | 206 | bytes 0-19/20  | 0123456789abcdefghij",
                "bytes=18-99    | 206 | bytes 18-19/20 | ij",
                "bytes=, 0-0 ,  | 206 | bytes 0-0/20   | 0",
                "bytes=20-      | 416 | bytes */20     |",
                "bytes=-0       | 416 | bytes */20     |",
                "bytes=30-40,20-| 416 | bytes */20     |",
                "bytes=3-2      | 200 |                | 0123456789abcdefghij",
                "bytes=a-b      | 200 |                | 0123456789abcdefghij",
                "bytes=-        | 200 |                | 0123456789abcdefghij",
                "bytes=         | 200 |                | 0123456789abcdefghij",
                "items=0-3      | 200 |                | 0123456789abcdefghij",
                "bytes=0-19,0-19| 200 |                | 0123456789abcdefghij",
                "bytes=0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0 | 200 | | 0123456789abcdefghij",
            })
    void partsAreSent(String range, int status, String contentRange, String body) throws Exception {
        try (TestGateway gateway = start()) {
            Answer answer = gateway.get("/digits.txt", "Range: " + range);
            assertThat(answer.status()).isEqualTo(status);
            assertThat(answer.field("Content-Range")).isEqualTo(contentRange);
            if (body != null) {
                assertThat(answer.body()).isEqualTo(body);
                assertThat(answer.field("Content-Length")).isEqualTo(String.valueOf(body.length()));
            }
        }
    }

    @Test
    void severalPartsAreSentInOneBody() throws Exception {
        try (TestGateway gateway = start()) {
            Answer answer = gateway.get("/digits.txt", "Range: bytes=0-1, -2, 50-60");
            assertThat(answer.status()).isEqualTo(206);
            String type = answer.field("Content-Type");
            assertThat(type).startsWith("multipart/byteranges; boundary=");
            String boundary = type.substring(type.indexOf('=') + 1);
            assertThat(answer.body()).isEqualTo("""
                    --B
                    Content-Type: text/plain; charset=utf-8
                    Content-Range: bytes 0-1/20

                    01
                    --B
                    Content-Type: text/plain; charset=utf-8
                    Content-Range: bytes 18-19/20

                    ij
                    --B--
                    """.replace("B\n", boundary + "\n")
                    .replace("B--", boundary + "--")
                    .replace("\n", "\r\n"));
            assertThat(answer.field("Content-Length"))
                    .isEqualTo(String.valueOf(answer.body().length()));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "If-None-Match: ETAG                                        | 304",
                "If-None-Match: \"x\", W/ETAG                               | 304",
                "If-None-Match: *                                           | 304",
                "If-None-Match: \"x\"                                       | 200",
                "If-Modified-Since: Wed, 05 Aug 2026 07:08:09 GMT           | 304",
                "If-Modified-Since: Wednesday, 05-Aug-26 07:08:09 GMT       | 304",
                "If-Modified-Since: Wed Aug  5 07:08:09 2026                | 304",
                "If-Modified-Since: Wed, 05 Aug 2026 07:08:08 GMT           | 200",
                "If-Modified-Since: yesterday                               | 200",
                "If-None-Match: \"x\"~If-Modified-Since: Wed, 05 Aug 2026 07:08:09 GMT | 200",
                "If-Match: ETAG                                             | 200",
                "If-Match: W/ETAG                                           | 412",
                "If-Match: \"x\"                                            | 412",
                "If-Match: *                                                | 200",
                "If-Unmodified-Since: Wed, 05 Aug 2026 07:08:08 GMT         | 412",
                "If-Unmodified-Since: Wed, 05 Aug 2026 07:08:09 GMT         | 200",
                "Range: bytes=0-1~If-Range: ETAG                            | 206",
                "Range: bytes=0-1~If-Range: W/ETAG                          | 200",
                "Range: bytes=0-1~If-Range: \"x\"                           | 200",
                "Range: bytes=0-1~If-Range: Wed, 05 Aug 2026 07:08:09 GMT   | 206",
                "Range: bytes=0-1~If-Range: Wed, 05 Aug 2026 07:08:10 GMT   | 200",
                "Range: bytes=0-1~If-None-Match: ETAG                       | 304",
            })
    void conditionsDecide(String fields, int status) throws Exception {
        try (TestGateway gateway = start()) {
            String etag = gateway.get("/digits.txt").field("ETag");
            Answer answer =
                    gateway.get("/digits.txt", fields.replace("ETAG", etag).split("~"));
            assertThat(answer.status()).isEqualTo(status);
            if (status == 304) {
                assertThat(answer.field("ETag")).isEqualTo(etag);
                assertThat(answer.body()).isEmpty();
            }
        }
    }

    @Test
    void aFileThatChangesHasAnotherTag() throws Exception {
        try (TestGateway gateway = start()) {
            String before = gateway.get("/digits.txt").field("ETag");
            Files.setLastModifiedTime(
                    site.resolve("digits.txt"), FileTime.from(Instant.parse("2026-08-05T07:08:09.123456790Z")));
            Answer after = gateway.get("/digits.txt", "If-None-Match: " + before);
            assertThat(after.status()).isEqualTo(200);
            assertThat(after.field("ETag")).isNotEqualTo(before);
        }
    }

    /** The file is far longer than all buffers, and the client reads nothing for as long as another one gets answers. */
    @Test
    void aClientThatReadsSlowlyGetsAllAndHoldsNobodyUp() throws Exception {
        byte[] content = new byte[32 << 20];
        new Random(3).nextBytes(content);
        Files.write(site.resolve("large.bin"), content);
        try (TestGateway gateway = start();
                Socket slow = new Socket()) {
            slow.setReceiveBufferSize(16 * 1024);
            slow.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), gateway.port()));
            slow.getOutputStream()
                    .write("GET /large.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            for (int i = 0; i < 50; i++) {
                assertThat(gateway.get("/digits.txt").body()).isEqualTo(DIGITS);
            }
            InputStream in = slow.getInputStream();
            byte[] received = in.readAllBytes();
            assertThat(received.length).isGreaterThan(content.length);
            assertThat(Arrays.equals(
                            received, received.length - content.length, received.length, content, 0, content.length))
                    .isTrue();
        }
    }

    /** The head has told a length; what comes short of it must not look whole. */
    @Test
    void aFileThatBecomesShorterWhileItIsSentBreaksTheResponseOff() throws Exception {
        Path large = site.resolve("large.bin");
        Files.write(large, new byte[32 << 20]);
        try (TestGateway gateway = start();
                Socket slow = new Socket()) {
            slow.setReceiveBufferSize(16 * 1024);
            slow.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), gateway.port()));
            slow.setSoTimeout(30_000);
            slow.getOutputStream()
                    .write("GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            InputStream in = slow.getInputStream();
            assertThat(new String(in.readNBytes(15), StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 200 OK");
            Files.write(large, new byte[1 << 20]);
            long received = 0;
            try {
                for (int n = 0; n >= 0; n = in.read(new byte[1 << 16])) {
                    received += n;
                }
            } catch (SocketException e) {
                assertThat(e).hasMessageContaining("reset");
            }
            assertThat(received).isLessThan(32 << 20);
            assertThat(gateway.get("/digits.txt").body()).isEqualTo(DIGITS);
        }
    }
}
