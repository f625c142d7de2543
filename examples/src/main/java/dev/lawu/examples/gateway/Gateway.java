package dev.lawu.examples.gateway;

import ch.qos.logback.classic.LoggerContext;
import dev.lawu.examples.gateway.GatewayConfig.Route;
import dev.lawu.examples.gateway.GatewayConfig.Server;
import dev.lawu.examples.gateway.GatewayConfig.Upstream;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.upstream.HttpPeer;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
            case VALIDATE, RUN -> {
                return command.config() == null
                        ? runDemo(out, err, command.port())
                        : runFile(err, environment, command.config(), command.action());
            }
        }
        return 0;
    }

    private static String version() {
        return Objects.requireNonNullElse(Gateway.class.getPackage().getImplementationVersion(), "(not packaged)");
    }

    private static int runFile(PrintStream err, Map<String, String> environment, Path file, CommandLine.Action action)
            throws InterruptedException {
        GatewayConfig config;
        try {
            config = ConfigReader.read(file, environment);
        } catch (ConfigException e) {
            int count = e.problems().size();
            err.println(e.getMessage());
            err.println("gateway: " + file + " has " + (count == 1 ? "1 problem" : count + " problems"));
            return FAILED;
        } catch (IOException e) {
            String reason = e instanceof NoSuchFileException ? "there is no such file" : e.toString();
            err.println("gateway: " + file + " cannot be read: " + reason + " (expected: a YAML file)");
            return FAILED;
        }
        if (action == CommandLine.Action.VALIDATE) {
            err.println("gateway: " + file + " is valid");
            return 0;
        }
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
                new Server(Runtime.getRuntime().availableProcessors(), 1024, 65_536, Duration.ofSeconds(30)),
                List.of(new InetSocketAddress(origin.getAddress(), port)),
                List.of(new Route(RouteMatch.ALL, upstream)),
                ProxyOptions.DEFAULTS,
                true);
    }

    /** Starts a gateway. Throws {@link IllegalStateException} if it cannot listen. */
    static ProxyServer start(GatewayConfig config) {
        HttpProxy.Builder proxy =
                HttpProxy.builder(new GatewayProxy(config.routes())).options(config.options());
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
