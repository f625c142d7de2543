package dev.lawu.examples.gateway.route;

import dev.lawu.proxy.http.RequestHead;
import java.net.InetSocketAddress;

/** A request that came from nowhere. */
public record TestRequest(RequestHead request, InetSocketAddress clientAddress, String scheme) implements RequestView {
    /** A GET. */
    public static TestRequest get(String host, String target, String... namesAndValues) {
        RequestHead head = RequestHead.of("GET", target, namesAndValues);
        if (host != null) {
            head.headers().set("Host", host);
        }
        return new TestRequest(head, null, "http");
    }
}
