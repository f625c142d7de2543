package dev.lawu.benchmarks;

import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.internal.h1.Refusal;
import dev.lawu.proxy.internal.h1.RequestParser;
import dev.lawu.proxy.internal.h1.ResponseParser;
import dev.lawu.proxy.internal.loop.SectionPool;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/** The heads that are measured: those of the side-by-side benchmark. */
public final class SampleHeads {
    /** A request with nothing but {@code Host}. */
    public static final String BARE_REQUEST = "GET /1k HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n";

    /** What a desktop browser sends on a click: 15 fields, about 900 bytes. */
    public static final String BROWSER_REQUEST = String.join(
            "\r\n",
            "GET /1k HTTP/1.1",
            "Host: 127.0.0.1:8080",
            "Connection: keep-alive",
            "Cache-Control: max-age=0",
            "sec-ch-ua: \"Chromium\";v=\"130\", \"Google Chrome\";v=\"130\", \"Not?A_Brand\";v=\"99\"",
            "sec-ch-ua-mobile: ?0",
            "sec-ch-ua-platform: \"Linux\"",
            "Upgrade-Insecure-Requests: 1",
            "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0"
                    + " Safari/537.36",
            "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
            "Sec-Fetch-Site: same-origin",
            "Sec-Fetch-Mode: navigate",
            "Referer: https://shop.example.com/catalogue/outdoor/tents?sort=price&page=3",
            "Accept-Encoding: gzip, deflate, br, zstd",
            "Accept-Language: en-GB,en;q=0.9,de;q=0.8,fr;q=0.7",
            "Cookie: session=7f3b9c2e51d84a06b8f1e0d92c6a4b75; consent=necessary.statistics; theme=dark;"
                    + " _first=GA1.2.1843920177.1718000000; cart=eyJpdGVtcyI6W3siaWQiOjQyLCJuIjoxfV19;"
                    + " region=eu-central; currency=EUR; seen=tents.stoves.lamps.ropes; experiment=b-17",
            "",
            "");

    /** What nginx answers for a static file of 1 KiB. */
    public static final String RESPONSE = String.join(
            "\r\n",
            "HTTP/1.1 200 OK",
            "Server: nginx/1.22.1",
            "Date: Mon, 02 Jun 2025 10:11:12 GMT",
            "Content-Type: application/octet-stream",
            "Content-Length: 1024",
            "Last-Modified: Mon, 02 Jun 2025 10:00:00 GMT",
            "Connection: keep-alive",
            "ETag: \"683d7c20-400\"",
            "Accept-Ranges: bytes",
            "",
            "");

    private SampleHeads() {}

    /** The text in a direct buffer, as it comes from a socket. The caller releases it. */
    public static ByteBuf buffer(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        return Unpooled.directBuffer(bytes.length).writeBytes(bytes);
    }

    /** The head of a request, as the parser makes it. */
    public static RequestHead request(String text) {
        RequestParser parser = new RequestParser(new SectionPool(), ProxyOptions.DEFAULTS);
        ByteBuf in = buffer(text);
        try {
            requireComplete(parser.parse(in), text);
            return parser.take();
        } catch (Refusal e) {
            throw new IllegalArgumentException(e);
        } finally {
            in.release();
        }
    }

    /** The head of a response, as the parser makes it. */
    public static ResponseHead response(String text) {
        ResponseParser parser = new ResponseParser(new SectionPool(), ProxyOptions.DEFAULTS);
        ByteBuf in = buffer(text);
        try {
            requireComplete(parser.parse(in), text);
            return parser.take();
        } catch (Refusal e) {
            throw new IllegalArgumentException(e);
        } finally {
            in.release();
        }
    }

    private static void requireComplete(boolean complete, String text) {
        if (!complete) {
            throw new IllegalArgumentException("head: " + text + " (expected: one with an end)");
        }
    }
}
