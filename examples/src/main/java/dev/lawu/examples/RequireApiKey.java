package dev.lawu.examples;

import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.HttpFilter;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.upstream.HttpPeer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;

/** Lets nobody through without the key: answers 401 before anything is sent upstream. The key itself is not sent on. */
public final class RequireApiKey implements HttpFilter<Void> {
    private static final String FIELD = "X-Api-Key";
    private static final FilterResult UNAUTHORIZED = FilterResult.respond(LocalResponse.of(401)
            .header("WWW-Authenticate", "ApiKey")
            .header("Cache-Control", "no-store")
            .text("401 Unauthorized: X-Api-Key is missing or wrong\n"));

    private final byte[] key;

    /** Asks for this key. */
    public RequireApiKey(String key) {
        this.key = key.getBytes(StandardCharsets.ISO_8859_1);
    }

    @Override
    public Void newContext(Session session) {
        return null;
    }

    @Override
    public FilterResult requestFilter(Session session, Void state) {
        List<String> given = session.request().headers().getAll(FIELD);
        // Two keys are none: an origin might look at the other one.
        if (given.size() != 1 || !isKey(given.get(0))) {
            return UNAUTHORIZED;
        }
        session.request().headers().remove(FIELD);
        return FilterResult.proceed();
    }

    private boolean isKey(String given) {
        // Takes as long for a nearly right key as for a wrong one.
        return MessageDigest.isEqual(given.getBytes(StandardCharsets.ISO_8859_1), key);
    }

    /** Proxies 127.0.0.1:8080 to the peer that is named, {@code HOST:PORT}, for those who know the key in {@code API_KEY}, until it is killed. */
    public static void main(String... arguments) throws InterruptedException {
        HttpPeer app = HttpPeer.parse(arguments.length > 0 ? arguments[0] : "127.0.0.1:9000");
        String key = System.getenv("API_KEY");
        if (key == null || key.isEmpty()) {
            System.err.println("API_KEY: not set (expected: the key that clients must send)");
            return;
        }
        HttpProxy proxy = HttpProxy.builder(new HelloProxy(app))
                .filter(new RequireApiKey(key))
                .build();
        ProxyServer server =
                ProxyServer.builder(proxy).listen("127.0.0.1", 8080).start();
        System.out.println("listening on " + server.address());
        Thread.currentThread().join();
    }
}
