package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.testing.SimulatedConnection;
import dev.lawu.proxy.testing.SimulatedOrigin;
import dev.lawu.proxy.testing.SimulatedProxy;
import dev.lawu.proxy.testing.Simulation;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Random clients and origins on a random network, one world for each seed: every response belongs to its request, every body is the right one or visibly broken, no request that may not be repeated is
 * processed twice, every exchange is logged once, and at the end nothing is left.
 */
class SeededRacesTest {
    private static final int SEEDS = 40;

    @Test
    void everyResponseBelongsToItsRequest() {
        int whole = 0;
        int failed = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            Run run = replay(seed);
            whole += run.whole;
            failed += run.failed;
        }
        // The worlds are neither all peace nor all ruin.
        assertThat(whole).isGreaterThan(5 * SEEDS);
        assertThat(failed).isGreaterThan(SEEDS / 10);
    }

    /**
     * A race that these seeds found: the last piece of a chunked response to an HTTP/1.0 client carries no data, so its turn writes nothing, and whoever goes on only when something is flushed waits for
     * ever.
     */
    @Test
    void anEndWithoutBytesEndsAnOldClientsConnection() {
        replay(1);
    }

    private static Run replay(long seed) {
        try (Simulation simulation = Simulation.seeded(seed)) {
            Run run = new Run(simulation, new SplittableRandom(seed));
            run.go();
            return run;
        } catch (Throwable e) {
            throw new AssertionError("failed with seed " + seed + ": " + e, e);
        }
    }

    private record Sent(String id, String method, int bodyLength) {}

    private static final class Client {
        final SimulatedConnection connection;
        final List<Sent> sent = new ArrayList<>();
        boolean done;

        Client(SimulatedConnection connection) {
            this.connection = connection;
        }
    }

    /** One world. */
    private static final class Run {
        private final Simulation simulation;
        private final SplittableRandom random;
        private final List<Client> clients = new ArrayList<>();
        private final Set<String> processed = new HashSet<>();
        private int ids;
        int whole;
        int failed;

        Run(Simulation simulation, SplittableRandom random) {
            this.simulation = simulation;
            this.random = random;
        }

        void go() {
            simulation
                    .network()
                    .latency(Duration.ZERO, Duration.ofNanos(random.nextInt(2_000_000)))
                    .splitWrites(20 + random.nextInt(2000))
                    .window(300 + random.nextInt(20_000));
            if (random.nextBoolean()) {
                simulation
                        .network()
                        .resets(random.nextDouble() * 0.2, 4000)
                        .halfCloses(random.nextDouble() * 0.2, 4000);
            }
            SimulatedOrigin origin = simulation.listen("10.0.0.9", 9000).answer(this::answer);
            HttpPeer peer = HttpPeer.of("10.0.0.9", 9000)
                    .withOptions(PeerOptions.builder()
                            .maxIdlePerLoop(random.nextInt(4))
                            .maxConnectionsPerPeer(2 + random.nextInt(4))
                            .build());
            Probe probe = new Probe(
                    session -> peer,
                    session -> session.request().target().hashCode() % 3 == 0
                            ? FilterResult.blocking(FilterResult::proceed)
                            : FilterResult.proceed());
            boolean halfClose = random.nextBoolean();
            SimulatedProxy proxy = simulation.start(
                    probe.with(options -> options.halfClose(halfClose)),
                    settings -> settings.eventLoops(1 + random.nextInt(3)));
            for (int i = 0; i < 4; i++) {
                clients.add(new Client(simulation.connect(proxy.address())));
            }
            for (int turn = 0; turn < 20; turn++) {
                act(clients.get(random.nextInt(clients.size())));
                if (random.nextInt(8) == 0) {
                    leave(origin.connections());
                }
                simulation.advance(Duration.ofNanos(random.nextInt(1_500_000)));
            }
            simulation.advance(Duration.ofMinutes(10)); // longer than any deadline
            simulation.assertQuiet();
            assertThat(proxy.stats().connections())
                    .as("clients' connections, all of them idle for long")
                    .isZero();
            clients.forEach(this::check);
            assertThat(probe.logged()).hasSize((int) proxy.stats().requests());
            assertThat(proxy.stats().refused().keySet())
                    .isSubsetOf("head-timeout", "body-timeout"); // nothing was sent that is malformed
        }

        private void leave(List<SimulatedConnection> origins) {
            boolean client = origins.isEmpty() || random.nextInt(3) == 0;
            SimulatedConnection victim = client
                    ? clients.get(random.nextInt(clients.size())).connection
                    : origins.get(random.nextInt(origins.size()));
            switch (random.nextInt(client ? 3 : 2)) {
                case 0 -> victim.close();
                case 1 -> victim.reset();
                default -> {
                    if (victim.isOpen()) {
                        victim.halfClose();
                    }
                }
            }
        }

        private void act(Client client) {
            int many = 1 + random.nextInt(3);
            for (int i = 0; i < many && !client.done; i++) {
                String id = "r" + ids++;
                int length = random.nextInt(4) == 0 ? random.nextInt(2000) : random.nextInt(50);
                String method = new String[] {"GET", "HEAD", "POST", "PUT"}[random.nextInt(4)];
                client.done = random.nextInt(12) == 0; // an old client sends one request and waits for the end
                String version = client.done ? " HTTP/1.0" : " HTTP/1.1";
                StringBuilder request = new StringBuilder(method + " /" + id + version + "\r\nHost: a\r\n");
                if (method.startsWith("P")) {
                    String body = body(id, length);
                    if (client.done || random.nextBoolean()) {
                        request.append("Content-Length: ")
                                .append(length)
                                .append("\r\n\r\n")
                                .append(body);
                    } else {
                        request.append("Transfer-Encoding: chunked\r\n\r\n").append(chunks(body));
                    }
                } else {
                    length = 0;
                    request.append("\r\n");
                }
                try {
                    client.connection.send(request.toString());
                } catch (IllegalStateException left) {
                    return;
                }
                client.sent.add(new Sent(id, method, length));
            }
        }

        private String chunks(String body) {
            StringBuilder chunked = new StringBuilder();
            for (int at = 0; at < body.length(); ) {
                int size = 1 + random.nextInt(body.length() - at);
                chunked.append(Integer.toHexString(size))
                        .append("\r\n")
                        .append(body, at, at + size)
                        .append("\r\n");
                at += size;
            }
            return chunked.append("0\r\n\r\n").toString();
        }

        /** Each request has a body that no other one has. */
        private static String body(String id, int length) {
            StringBuilder text = new StringBuilder();
            for (int i = 0; text.length() < length; i++) {
                text.append(id).append('.').append(i).append(',');
            }
            text.setLength(length);
            return text.toString();
        }

        private String answer(String request) {
            String method = request.substring(0, request.indexOf(' '));
            String id = request.substring(request.indexOf('/') + 1, request.indexOf(" HTTP/1.1"));
            int bodyAt = request.indexOf("\r\n\r\n") + 4;
            String got = request.substring(0, bodyAt).contains("Transfer-Encoding: chunked")
                    ? Parsed.dechunk(request.substring(bodyAt))
                    : request.substring(bodyAt);
            Sent sent = clients.stream()
                    .flatMap(client -> client.sent.stream())
                    .filter(each -> each.id.equals(id))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("a request that nobody sent: " + request));
            assertThat(method).isEqualTo(sent.method);
            assertThat(got).isEqualTo(body(id, sent.bodyLength));
            if (!processed.add(id)) {
                assertThat(method).as("%s was processed twice", id).isNotEqualTo("POST");
            }
            String body = body(id, random.nextInt(3) == 0 ? random.nextInt(4000) : random.nextInt(100));
            String head = (random.nextInt(5) == 0 ? "HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n" : "")
                    + "HTTP/1.1 200 OK\r\nX-Id: " + id + "\r\n";
            boolean bodiless = method.equals("HEAD");
            return switch (random.nextInt(4)) {
                case 0 -> head + "Transfer-Encoding: chunked\r\n\r\n" + (bodiless ? "" : chunks(body));
                case 1 -> head + "Connection: close\r\n\r\n" + (bodiless ? "" : body);
                default -> head + "Content-Length: " + body.length() + "\r\n\r\n" + (bodiless ? "" : body);
            };
        }

        private void check(Client client) {
            Parsed parsed = new Parsed(client.connection.received(), client.connection.isReset());
            for (Sent sent : client.sent) {
                Parsed.Message message = parsed.next(sent.method.equals("HEAD"));
                if (message == null) {
                    break;
                }
                if (!message.head.startsWith("HTTP/1.1 200 ")) {
                    assertThat(message.head).startsWith("HTTP/1.1 ").containsPattern("^HTTP/1.1 (502|503|504|408) ");
                    failed++;
                    continue;
                }
                assertThat(message.head).contains("\r\nX-Id: " + sent.id + "\r\n");
                assertThat(message.body).isEqualTo(body(sent.id, message.body.length()));
                if (message.complete) {
                    whole++;
                } else {
                    failed++;
                    assertThat(client.connection.isOpen()
                                    && !client.connection.isClosedByPeer()
                                    && !client.connection.isReset())
                            .as("%s is broken, so its connection is", sent.id)
                            .isFalse();
                }
            }
            assertThat(parsed.rest()).as("behind the last response").isEmpty();
        }
    }

    /** What a client received. */
    private static final class Parsed {
        record Message(String head, String body, boolean complete) {}

        private final String text;
        private final boolean reset;
        private int at;

        Parsed(String text, boolean reset) {
            this.text = text;
            this.reset = reset;
        }

        String rest() {
            return text.substring(at);
        }

        /** The next final response; null if no whole head is left. */
        Message next(boolean bodiless) {
            String head;
            do {
                int end = text.indexOf("\r\n\r\n", at);
                if (end < 0) {
                    at = text.length();
                    return null;
                }
                head = text.substring(at, end + 4);
                at = end + 4;
            } while (head.startsWith("HTTP/1.1 103 "));
            if (bodiless) {
                return new Message(head, "", true);
            }
            int length = head.indexOf("Content-Length: ");
            if (length >= 0) {
                int size = Integer.parseInt(head.substring(length + 16, head.indexOf("\r\n", length)));
                int end = Math.min(text.length(), at + size);
                Message message = new Message(head, text.substring(at, end), end == at + size);
                at = end;
                return message;
            }
            if (!head.contains("Transfer-Encoding: chunked\r\n")) {
                String body = rest();
                at = text.length();
                return new Message(head, body, !reset);
            }
            StringBuilder body = new StringBuilder();
            while (true) {
                int line = text.indexOf("\r\n", at);
                if (line < 0) {
                    at = text.length();
                    return new Message(head, body.toString(), false);
                }
                int size = Integer.parseInt(text.substring(at, line), 16);
                int end = line + 2 + size;
                if (size > 0) {
                    body.append(text, line + 2, Math.min(end, text.length()));
                }
                if (end + 2 > text.length()) {
                    at = text.length();
                    return new Message(head, body.toString(), false);
                }
                assertThat(text.substring(end, end + 2)).isEqualTo("\r\n");
                at = end + 2;
                if (size == 0) {
                    return new Message(head, body.toString(), true);
                }
            }
        }

        static String dechunk(String chunked) {
            Parsed parsed = new Parsed("Transfer-Encoding: chunked\r\n\r\n" + chunked, false);
            Message message = parsed.next(false);
            assertThat(message.complete).isTrue();
            return message.body;
        }
    }
}
