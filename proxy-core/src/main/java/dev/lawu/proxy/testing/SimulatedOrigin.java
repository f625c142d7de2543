package dev.lawu.proxy.testing;

import dev.lawu.proxy.http.Status;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A test's server: it accepts connections, and leaves what to do with them to the test, or answers requests with a function.
 *
 * <p>Like everything in a simulation, it is used in the thread that runs it.
 */
public final class SimulatedOrigin {
    private final Scheduler scheduler;
    private final SimulatedNetwork network;
    private final InetSocketAddress address;
    private final List<SimulatedConnection> connections = new ArrayList<>();
    private final List<String> requests = new ArrayList<>();
    private Mode mode = Mode.ACCEPT;
    private long connectDelayNanos;
    private Consumer<SimulatedConnection> whenAccepted = connection -> {};
    private @Nullable Function<String, @Nullable String> answer;

    private enum Mode {
        ACCEPT,
        REFUSE,
        BLACKHOLE
    }

    SimulatedOrigin(Scheduler scheduler, SimulatedNetwork network, InetSocketAddress wanted) {
        this.scheduler = scheduler;
        this.network = network;
        try {
            this.address = network.bind(wanted, this::connecting);
        } catch (BindException e) {
            throw new IllegalArgumentException("listen: " + e.getMessage() + " (expected: a free address)", e);
        }
    }

    private void connecting(ConnectAttempt attempt) {
        if (connectDelayNanos > 0) {
            new TimedQueue(scheduler, "accept " + attempt).add(connectDelayNanos, () -> decide(attempt));
        } else {
            decide(attempt);
        }
    }

    private void decide(ConnectAttempt attempt) {
        if (mode == Mode.REFUSE) {
            attempt.refuse();
        } else if (mode == Mode.ACCEPT) {
            Endpoint end = attempt.accept();
            if (end != null) {
                SimulatedConnection connection = SimulatedConnection.accepted(end);
                connections.add(connection);
                connection.onReceived(new Responder(connection));
                whenAccepted.accept(connection);
            }
        }
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return address;
    }

    /** The connections that were accepted, open and closed ones, the oldest first. */
    public List<SimulatedConnection> connections() {
        return List.copyOf(connections);
    }

    /**
     * The newest connection.
     *
     * @throws IllegalStateException if there was none
     */
    public SimulatedConnection connection() {
        if (connections.isEmpty()) {
            throw new IllegalStateException(this + ": no connection yet (expected: one; did the simulation run?)");
        }
        return connections.get(connections.size() - 1);
    }

    /** Calls this with each connection that is accepted, before anything is received: to script it. */
    public SimulatedOrigin onConnection(Consumer<SimulatedConnection> action) {
        whenAccepted = Objects.requireNonNull(action, "action");
        return this;
    }

    /**
     * Answers requests: the function gets each whole request, head and body as they were on the wire (a chunked body with its chunk lines), and gives back the whole response, as {@link #response}
     * makes it. Null leaves the answer to the test. A response with {@code Connection: close} closes the connection.
     *
     * <p>The ends of requests are found by {@code Content-Length} and {@code Transfer-Encoding: chunked}; anything else that the function throws fails the test.
     */
    public SimulatedOrigin answer(Function<String, @Nullable String> answer) {
        this.answer = Objects.requireNonNull(answer, "answer");
        return this;
    }

    /** The requests that {@link #answer}'s function was asked, oldest first. */
    public List<String> requests() {
        return List.copyOf(requests);
    }

    /**
     * A response with a {@code Content-Length}.
     *
     * @param status 200 to 599, but for 204 and 304, which have no body
     * @param body ISO-8859-1
     */
    public static String response(int status, String body) {
        return "HTTP/1.1 " + status + " " + Status.reason(status) + "\r\nContent-Length: "
                + body.getBytes(StandardCharsets.ISO_8859_1).length + "\r\n\r\n" + body;
    }

    /** Refuses connects from now on. Connections that exist stay. */
    public SimulatedOrigin refuse() {
        mode = Mode.REFUSE;
        return this;
    }

    /** Never answers connects from now on. Connections that exist stay. */
    public SimulatedOrigin blackhole() {
        mode = Mode.BLACKHOLE;
        return this;
    }

    /** Accepts connects again. This is how it begins. */
    public SimulatedOrigin accept() {
        mode = Mode.ACCEPT;
        return this;
    }

    /** Decides about each connect only after this time; what it then does is what is set then. */
    public SimulatedOrigin connectDelay(Duration delay) {
        if (delay.isNegative()) {
            throw new IllegalArgumentException("delay: " + delay + " (expected: not negative)");
        }
        connectDelayNanos = delay.toNanos();
        return this;
    }

    /** Refuses connects, for good, and closes every connection. */
    public void close() {
        mode = Mode.REFUSE;
        network.unbind(address);
        connections.forEach(SimulatedConnection::close);
    }

    /** {@code origin address:port}. */
    @Override
    public String toString() {
        return "origin " + Endpoint.text(address);
    }

    /** Collects the bytes of one connection and answers each whole request among them. */
    private final class Responder implements Consumer<byte[]> {
        private final SimulatedConnection connection;
        private final StringBuilder pending = new StringBuilder();

        Responder(SimulatedConnection connection) {
            this.connection = connection;
        }

        @Override
        public void accept(byte[] bytes) {
            Function<String, @Nullable String> function = answer;
            if (function == null) {
                return;
            }
            pending.append(new String(bytes, StandardCharsets.ISO_8859_1));
            for (int end = length(); end >= 0 && connection.isOpen(); end = length()) {
                String request = pending.substring(0, end);
                pending.delete(0, end);
                requests.add(request);
                String response = function.apply(request);
                if (response != null) {
                    connection.send(response);
                    int headEnd = response.indexOf("\r\n\r\n");
                    if (headEnd >= 0
                            && RequestFraming.field(response.substring(0, headEnd), "connection")
                                    .equals("close")) {
                        connection.close();
                    }
                }
            }
        }

        private int length() {
            return RequestFraming.lengthOfFirst(pending);
        }
    }
}
