package dev.lawu.examples.gateway;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lawu.examples.gateway.config.ConfigReader;
import dev.lawu.proxy.ProxyServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The gateway with a file of the test's, in front of an origin, on real sockets.
 *
 * <p>The origin tells what it got: {@code METHOD TARGET}, then a line for each field. {@code /status/N} makes it answer with N.
 */
final class TestGateway implements AutoCloseable {
    private final ExecutorService executor = Executors.newCachedThreadPool();
    private final List<HttpServer> origins = new ArrayList<>();
    private final ProxyServer server;

    /** In the file {@code ORIGIN} stands for the origin's address, {@code SECOND} for that of another one. */
    TestGateway(Path directory, String yaml) throws Exception {
        String text =
                "server: { event-loops: 1 }\nlisteners: [{ address: \"127.0.0.1:0\" }]\naccess-log: false\n" + yaml;
        for (String name : new String[] {"ORIGIN", "SECOND"}) {
            HttpServer origin = origin(name);
            origins.add(origin);
            text = text.replace(name, "127.0.0.1:" + origin.getAddress().getPort());
        }
        Path file = directory.resolve("gateway.yaml");
        Files.writeString(file, text);
        server = Gateway.start(ConfigReader.read(file, Map.of()));
    }

    private HttpServer origin(String name) throws IOException {
        HttpServer origin = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        origin.setExecutor(executor);
        origin.createContext("/", exchange -> answer(name, exchange));
        origin.start();
        return origin;
    }

    private static void answer(String name, HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] received = exchange.getRequestBody().readAllBytes();
            String path = exchange.getRequestURI().getRawPath();
            int status = path.startsWith("/status/") ? Integer.parseInt(path.substring(8)) : 200;
            StringBuilder text = new StringBuilder();
            text.append(exchange.getRequestMethod()).append(' ').append(exchange.getRequestURI());
            exchange.getRequestHeaders()
                    .forEach((field, values) ->
                            text.append('\n').append(field).append(": ").append(String.join(", ", values)));
            text.append("\nbody: ").append(received.length).append('\n');
            byte[] body = text.toString().getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("X-Origin", name);
            exchange.getResponseHeaders().set("Retry-After", "7");
            exchange.getResponseHeaders().set("Access-Control-Allow-Origin", "https://origins.own");
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    int port() {
        return server.address().getPort();
    }

    /** A GET with these lines of fields. */
    Answer get(String target, String... fields) throws IOException {
        return send("GET", target, "", fields);
    }

    Answer send(String method, String target, String body, String... fields) throws IOException {
        StringBuilder request = new StringBuilder(method + " " + target + " HTTP/1.1\r\nConnection: close\r\n");
        boolean hasHost = false;
        for (String field : fields) {
            request.append(field).append("\r\n");
            hasHost |= field.startsWith("Host:");
        }
        request.append(hasHost ? "" : "Host: example.com\r\n");
        if (!body.isEmpty()) {
            request.append("Content-Length: ").append(body.length()).append("\r\n");
        }
        return raw(request.append("\r\n").append(body).toString());
    }

    /** Sends this and reads until the gateway closes. */
    Answer raw(String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            socket.getOutputStream().flush();
            return new Answer(new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1));
        }
    }

    @Override
    public void close() {
        server.close();
        origins.forEach(origin -> origin.stop(0));
        executor.shutdownNow();
    }

    /** A whole response. */
    record Answer(String text) {
        int status() {
            return Integer.parseInt(text.substring(9, 12));
        }

        String head() {
            return text.substring(0, text.indexOf("\r\n\r\n") + 2);
        }

        String body() {
            return text.substring(text.indexOf("\r\n\r\n") + 4);
        }

        /** Null if it is not there; all lines, joined, if there are several. */
        String field(String name) {
            List<String> values = head().lines()
                    .skip(1)
                    .filter(line -> line.regionMatches(true, 0, name + ":", 0, name.length() + 1))
                    .map(line -> line.substring(name.length() + 1).trim())
                    .toList();
            return values.isEmpty() ? null : String.join(", ", values);
        }
    }
}
