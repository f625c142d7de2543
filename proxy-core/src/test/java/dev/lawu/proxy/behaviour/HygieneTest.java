package dev.lawu.proxy.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.ProxyOptions.ForwardingFields;
import dev.lawu.proxy.TrustedProxies;
import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What an intermediary does to heads (RFC 9110, section 7.6; RFC 7239). */
class HygieneTest {
    /** Clients of every world connect from one of these. */
    private static final TrustedProxies CLIENTS = TrustedProxies.of("10.0.0.2", "127.0.0.0/8", "192.0.2.0/24");

    private static final String CHAIN = "GET / HTTP/1.1\r\nHost: a\r\n"
            + "X-Forwarded-For: 203.0.113.9, 198.51.100.7\r\nX-Forwarded-For: 192.0.2.5\r\n"
            + "X-Forwarded-Proto: https\r\nX-Forwarded-Host: outside.example\r\n"
            + "Forwarded: for=198.51.100.7;proto=https\r\n\r\n";

    private static List<String> values(String head, String name) {
        List<String> found = new ArrayList<>();
        for (String line : head.split("\r\n")) {
            if (line.toLowerCase(Locale.ROOT).startsWith(name.toLowerCase(Locale.ROOT) + ":")) {
                found.add(line.substring(name.length() + 1).strip());
            }
        }
        return found;
    }

    private static String clientAddress(World world) {
        return world.isSimulated() ? "10.0.0.2" : "127.0.0.1";
    }

    private static String forwarded(World world, dev.lawu.proxy.HttpProxy proxy, String request) {
        world.start(proxy);
        Wire client = world.connect();
        client.send(request);
        Wire origin = world.accept();
        String head = origin.head();
        origin.send("HTTP/1.1 204 No Content\r\n\r\n");
        client.head();
        return head;
    }

    /** RFC 9110, section 7.6.2. */
    @ParameterizedTest
    @EnumSource
    void optionsAndTraceGoAsFarAsTheyMay(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send("OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 200 OK\r\n").contains("Content-Length: 0\r\n");
            client.send("TRACE /x HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\nX-A: 1\r\nCookie: secret\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 200 OK\r\n").contains("Content-Type: message/http\r\n");
            assertThat(client.head()).isEqualTo("TRACE /x HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\nX-A: 1\r\n\r\n");
            client.send("TRACE /x HTTP/1.1\r\nHost: a\r\nMax-Forwards: +1\r\n\r\n");
            assertThat(client.head()).startsWith("HTTP/1.1 400 ");
            client.until("\n");
            assertThat(world.accepted()).isZero();

            client.send("OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 1\r\n\r\n");
            Wire origin = world.accept();
            assertThat(values(origin.head(), "max-forwards")).containsExactly("0");
            origin.send("HTTP/1.1 204 No Content\r\n\r\n");
            client.head();
            // Another method's is not ours.
            client.send("GET / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n");
            assertThat(values(origin.head(), "max-forwards")).containsExactly("0");
            origin.send("HTTP/1.1 204 No Content\r\n\r\n");
            client.head();
        }
    }

    @ParameterizedTest
    @EnumSource
    void fieldsOfOneHopStayOnIt(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: X-Mine, keep-alive\r\nX-Mine: 1\r\nx-mine: 2\r\n"
                    + "Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: gzip, trailers\r\n"
                    + "Connection: x-more\r\nX-More: 3\r\nX-Other: stays\r\n\r\n");
            Wire origin = world.accept();
            String head = origin.head();
            for (String gone : new String[] {"x-mine", "keep-alive", "proxy-connection", "x-more"}) {
                assertThat(values(head, gone)).as(gone).isEmpty();
            }
            assertThat(head).doesNotContainIgnoringCase("x-mine").doesNotContain("gzip");
            assertThat(values(head, "te")).containsExactly("trailers");
            assertThat(values(head, "x-other")).containsExactly("stays");
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: X-Theirs\r\nX-Theirs: 1\r\n"
                    + "Keep-Alive: timeout=5\r\nX-Kept: 1\r\nProxy-Connection: x\r\n\r\n");
            String answer = client.head();
            for (String gone : new String[] {"x-theirs", "keep-alive", "connection", "proxy-connection"}) {
                assertThat(values(answer, gone)).as(gone).isEmpty();
            }
            assertThat(values(answer, "x-kept")).containsExactly("1");
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatConnectionNamesCannotTakeAwayRoutingOrFraming(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
                    + "Connection: host, content-length, x-forwarded-for, via, close\r\n\r\nok");
            Wire origin = world.accept();
            String head = origin.head();
            assertThat(values(head, "host")).containsExactly("a");
            assertThat(values(head, "content-length")).containsExactly("2");
            assertThat(values(head, "x-forwarded-for")).containsExactly(clientAddress(world));
            assertThat(values(head, "via")).containsExactly("1.1 lawu");
            assertThat(origin.take(2)).isEqualTo("ok");
        }
    }

    @ParameterizedTest
    @EnumSource
    void caseAndOrderOfFieldsStay(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            String fields = "HOST: a\r\nzeta: 1\r\nAlpha: 2\r\nzEta:3\r\nCookie: a=b; c=d\r\nX-Empty:\r\n";
            client.send("GET /?q=%2F HTTP/1.1\r\n" + fields + "\r\n");
            Wire origin = world.accept();
            assertThat(origin.head())
                    .startsWith("GET /?q=%2F HTTP/1.1\r\n")
                    .containsSubsequence(
                            "HOST: a\r\n", "zeta: 1\r\n", "Alpha: 2\r\n", "zEta:", "3\r\n", "Cookie: a=b; c=d\r\n");
            origin.send(
                    "HTTP/1.1 200 Very Fine\r\nset-cookie: 1\r\nSET-COOKIE: 2\r\nContent-Length: 0\r\nx-z: é\r\n\r\n");
            assertThat(client.head())
                    .startsWith(
                            "HTTP/1.1 200 Very Fine\r\nset-cookie: 1\r\nSET-COOKIE: 2\r\nContent-Length: 0\r\nx-z: é\r\n");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aDateIsAddedOnlyWhereItIsMissing(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer()));
            Wire client = world.connect();
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire origin = world.accept();
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nDate: Tue, 15 Nov 1994 08:12:31 GMT\r\nContent-Length: 0\r\n\r\n");
            assertThat(values(client.head(), "date")).containsExactly("Tue, 15 Nov 1994 08:12:31 GMT");
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            origin.head();
            origin.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            assertThat(values(client.head(), "date")).singleElement().asString().endsWith(" GMT");
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatAStrangerSaysAboutItsClientIsReplaced(World.Kind kind) {
        try (World world = kind.create()) {
            List<String> seen = new CopyOnWriteArrayList<>();
            Probe probe = new Probe(session -> world.peer(), session -> {
                seen.add(session.clientAddress().getAddress().getHostAddress() + " " + session.scheme());
                return FilterResult.proceed();
            });
            String head = forwarded(world, probe.proxy(), CHAIN);
            String client = clientAddress(world);
            assertThat(values(head, "x-forwarded-for")).containsExactly(client);
            assertThat(values(head, "x-forwarded-proto")).containsExactly("http");
            assertThat(values(head, "x-forwarded-host")).containsExactly("a");
            assertThat(values(head, "forwarded")).containsExactly("for=" + client + ";host=a;proto=http");
            assertThat(seen).containsExactly(client + " http");
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatATrustedProxySaysIsContinued(World.Kind kind) {
        try (World world = kind.create()) {
            List<String> seen = new CopyOnWriteArrayList<>();
            Probe probe = new Probe(session -> world.peer(), session -> {
                seen.add(session.clientAddress().getAddress().getHostAddress() + " " + session.scheme());
                return FilterResult.proceed();
            });
            String head = forwarded(world, probe.with(options -> options.trustedProxies(CLIENTS)), CHAIN);
            String client = clientAddress(world);
            assertThat(values(head, "x-forwarded-for"))
                    .containsExactly("203.0.113.9, 198.51.100.7, 192.0.2.5, " + client);
            assertThat(values(head, "x-forwarded-proto")).containsExactly("https");
            assertThat(values(head, "x-forwarded-host")).containsExactly("outside.example");
            assertThat(values(head, "forwarded"))
                    .containsExactly("for=198.51.100.7;proto=https, for=" + client + ";host=a;proto=http");
            // 192.0.2.5 is trusted; the one before it is the first that is not, and what that one says does not count.
            assertThat(seen).containsExactly("198.51.100.7 https");
        }
    }

    @ParameterizedTest
    @EnumSource
    void onlyTheChosenFieldsTellAboutTheClient(World.Kind kind) {
        for (ForwardingFields fields : ForwardingFields.values()) {
            try (World world = kind.create()) {
                String head = forwarded(
                        world,
                        Probe.to(
                                world.peer(),
                                options -> options.forwardingFields(fields).via("")),
                        CHAIN);
                boolean legacy = fields == ForwardingFields.BOTH || fields == ForwardingFields.X_FORWARDED;
                boolean standard = fields == ForwardingFields.BOTH || fields == ForwardingFields.FORWARDED;
                assertThat(values(head, "x-forwarded-for")).hasSize(legacy ? 1 : 0);
                assertThat(values(head, "x-forwarded-proto")).hasSize(legacy ? 1 : 0);
                assertThat(values(head, "x-forwarded-host")).hasSize(legacy ? 1 : 0);
                assertThat(values(head, "forwarded")).hasSize(standard ? 1 : 0);
                assertThat(values(head, "via")).isEmpty();
                assertThat(head).doesNotContain("198.51.100.7");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRetryAddsNothingTwice(World.Kind kind) {
        try (World world = kind.create()) {
            world.start(Probe.to(world.peer(), options -> options.trustedProxies(CLIENTS)));
            Wire client = world.connect();
            client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
            Wire first = world.accept();
            first.head();
            first.send("HTTP/1.1 204 No Content\r\n\r\n");
            client.head();
            client.send("GET /2 HTTP/1.1\r\nHost: a\r\nVia: 1.1 before\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n");
            first.head();
            first.close(); // a reused connection that died before any byte: another attempt is safe
            String head = world.accept().head();
            assertThat(head).startsWith("GET /2 ");
            assertThat(values(head, "via")).containsExactly("1.1 before", "1.1 lawu");
            assertThat(values(head, "x-forwarded-for")).containsExactly("192.0.2.1, " + clientAddress(world));
            assertThat(values(head, "x-forwarded-proto")).hasSize(1);
            assertThat(values(head, "forwarded")).hasSize(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void anAbsoluteTargetIsForwardedAsItsPath(World.Kind kind) {
        try (World world = kind.create()) {
            String head = forwarded(world, Probe.to(world.peer()), "GET http://a:80/p?q HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(head).startsWith("GET /p?q HTTP/1.1\r\nHost: a\r\n");
        }
    }
}
