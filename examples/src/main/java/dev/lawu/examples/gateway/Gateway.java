package dev.lawu.examples.gateway;

import ch.qos.logback.classic.LoggerContext;
import dev.lawu.examples.gateway.config.ConfigException;
import dev.lawu.examples.gateway.config.ConfigReader;
import dev.lawu.examples.gateway.filter.PasswordHash;
import dev.lawu.examples.gateway.proxy.GatewayConfig;
import dev.lawu.examples.gateway.proxy.GatewayConfig.Server;
import dev.lawu.examples.gateway.proxy.GatewayProxy;
import dev.lawu.examples.gateway.proxy.Route;
import dev.lawu.examples.gateway.proxy.RoutePolicy;
import dev.lawu.examples.gateway.proxy.Upstream;
import dev.lawu.examples.gateway.route.RouteMatch;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.upstream.HttpPeer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The gateway's command: see {@code gateway --help}. */
public final class Gateway {
    private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);
    private static final int FAILED = 1;
    private static final int MISUSED = 2;

    private Gateway() {}

    /** Runs the command and exits. */
    public static void main(String[] arguments) throws InterruptedException {
        int status = run(System.out, System.err, System.getenv(), arguments);
        // Writes what the access log still has in its queue.
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            context.stop();
        }
        // Not exit: a shutdown hook that drains is for the case that signals cannot be handled.
        System.out.flush();
        Runtime.getRuntime().halt(status);
    }

    /** Runs the command and answers its exit code. */
    static int run(PrintStream out, PrintStream err, Map<String, String> environment, String... arguments)
            throws InterruptedException {
        CommandLine command;
        try {
            command = CommandLine.parse(arguments);
        } catch (CommandLine.UsageException e) {
            err.print("gateway: " + e.getMessage() + "\n\n" + CommandLine.USAGE);
            return MISUSED;
        }
        switch (command.action()) {
            case HELP -> out.print(CommandLine.USAGE);
            case VERSION -> out.println("gateway " + version());
            case HASH_PASSWORD -> {
                return hashPassword(out, err);
            }
            case RUN, VALIDATE, PRINT_CONFIG, EXPLAIN -> {
                return command.config() == null
                        ? runDemo(out, err, command.port())
                        : useFile(out, err, environment, command, command.config());
            }
        }
        return 0;
    }

    private static String version() {
        return Objects.requireNonNullElse(Gateway.class.getPackage().getImplementationVersion(), "(not packaged)");
    }

    /** The password comes by standard input, as other users can see command lines. */
    private static int hashPassword(PrintStream out, PrintStream err) {
        try {
            String line = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
            if (line == null || line.isEmpty()) {
                err.println("gateway: --hash-password: found nothing (expected: a password on standard input)");
                return FAILED;
            }
            out.println(PasswordHash.of(line));
            return 0;
        } catch (IOException e) {
            err.println("gateway: standard input cannot be read: " + e);
            return FAILED;
        }
    }

    private static int useFile(
            PrintStream out, PrintStream err, Map<String, String> environment, CommandLine command, Path file)
            throws InterruptedException {
        ConfigReader.Result read;
        try {
            read = ConfigReader.readAll(file, environment);
        } catch (ConfigException e) {
            int count = e.problems().size();
            err.println(e.getMessage());
            err.println("gateway: " + file + " has " + (count == 1 ? "1 problem" : count + " problems"));
            return FAILED;
        } catch (OutOfMemoryError e) {
            err.println("gateway: " + file + " takes more memory to read than there is (expected: a heap larger than "
                    + (Runtime.getRuntime().maxMemory() >> 20) + " MiB, such as JAVA_OPTS=-Xmx1g)");
            return FAILED;
        } catch (IOException e) {
            String reason = e instanceof NoSuchFileException ? "there is no such file" : e.toString();
            err.println("gateway: " + file + " cannot be read: " + reason + " (expected: a YAML file)");
            return FAILED;
        }
        switch (command.action()) {
            case VALIDATE -> err.println("gateway: " + file + " is valid");
            case PRINT_CONFIG -> out.print(read.effective());
            case EXPLAIN -> {
                return explain(out, err, read.config(), command.question());
            }
            default -> {
                return runFile(err, read.config(), file);
            }
        }
        return 0;
    }

    private static int explain(
            PrintStream out, PrintStream err, GatewayConfig config, CommandLine.@Nullable Question question) {
        try {
            out.print(Explanation.of(config.routes(), Objects.requireNonNull(question, "question")));
            return 0;
        } catch (IllegalArgumentException e) {
            err.println("gateway: " + e.getMessage());
            return MISUSED;
        }
    }

    private static int runFile(PrintStream err, GatewayConfig config, Path file) throws InterruptedException {
        ProxyServer server;
        try {
            server = start(config);
        } catch (IllegalStateException e) {
            err.println("gateway: " + e.getMessage());
            err.println("gateway: another address can be set in " + file + ": listeners[].address");
            return FAILED;
        }
        for (SocketAddress address : server.addresses()) {
            LOG.info("listening on {} (http/1.1)", text(address));
        }
        serve(server);
        return 0;
    }

    private static int runDemo(PrintStream out, PrintStream err, int port) throws InterruptedException {
        ProxyServer origin;
        try {
            origin = DemoOrigin.start();
        } catch (IllegalStateException e) {
            err.println("gateway: the demo's origin: " + e.getMessage());
            return FAILED;
        }
        try (origin) {
            ProxyServer server;
            try {
                server = start(demo(port, origin.address()));
            } catch (IllegalStateException e) {
                err.println("gateway: " + e.getMessage());
                err.println("gateway: another port can be set with --port, for example: gateway --port "
                        + (port == 65_535 ? 0 : port + 1));
                return FAILED;
            }
            String url = "http://" + text(server.address());
            out.print("""
                    Lawu's gateway, in front of an origin of its own (%s). HTTP/1.1 only so far: no TLS, HTTP/2 or HTTP/3.

                      a page, for a browser too            curl %s/
                      the request as the origin got it     curl %s/headers
                      a body there and back                curl -d hello %s/echo
                      events, one a second                 curl -N %s/stream
                      an answer that takes 2 s             curl %s/slow

                    Your own origin: gateway --config FILE (docs/gateway.md). Ctrl-C drains and ends.
                    """.formatted(text(origin.address()), url, url, url, url, url));
            out.flush();
            serve(server);
            return 0;
        }
    }

    private static GatewayConfig demo(int port, InetSocketAddress origin) {
        Upstream upstream =
                new Upstream("demo", List.of(HttpPeer.of(origin.getAddress().getHostAddress(), origin.getPort())));
        return new GatewayConfig(
                Server.defaults(),
                List.of(new InetSocketAddress(origin.getAddress(), port)),
                List.of(Route.to(upstream, RouteMatch.ALL)),
                RoutePolicy.NONE,
                ProxyOptions.DEFAULTS,
                false,
                true);
    }

    /** Starts a gateway. Throws {@link IllegalStateException} if it cannot listen. */
    static ProxyServer start(GatewayConfig config) {
        HttpProxy.Builder proxy = GatewayProxy.builder(config);
        if (config.accessLog()) {
            proxy.filter(new AccessLog(Clock.system(ZoneId.systemDefault()), System::nanoTime));
        }
        Server settings = config.server();
        ProxyServer.Builder server = ProxyServer.builder(proxy.build())
                .eventLoops(settings.eventLoops())
                .backlog(settings.backlog())
                .maxConnections(settings.maxConnections())
                .drainTimeout(settings.drainTimeout());
        config.listeners().forEach(server::listen);
        return server.start();
    }

    private static void serve(ProxyServer server) throws InterruptedException {
        StopSignal.drainOnSignal(() -> {
            server.close();
            LOG.info("drained; bye");
        });
    }

    private static String text(SocketAddress address) {
        if (!(address instanceof InetSocketAddress inet) || inet.getAddress() == null) {
            return address.toString();
        }
        String host = inet.getAddress().getHostAddress();
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + inet.getPort();
    }
}
