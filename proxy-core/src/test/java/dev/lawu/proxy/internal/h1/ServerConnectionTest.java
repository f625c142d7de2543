package dev.lawu.proxy.internal.h1;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.http.DataRate;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.http.ResponseHead;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ServerConnectionTest {
    private static final String GET = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
    private static final String OLD_GET = "GET /a HTTP/1.0\r\n";
    private static final String POST = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n";
    private static final String CHUNKED = "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    private static final String UPGRADE =
            "GET /u HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket, x\r\n\r\n";

    private final Ends.Server end = new Ends.Server(ProxyOptions.DEFAULTS);

    private static Ends.Server with(ProxyOptions.Builder options) {
        return new Ends.Server(options.build());
    }

    @AfterEach
    void release() {
        Ends.releaseAll();
    }

    // ---- pipelining and keep-alive

    @Test
    void pipelinedRequestsAreAnsweredInTheirOrder() {
        end.in(GET + GET.replace("/a", "/b"));
        assertThat(end.takeTold()).containsExactly("start GET /a last");

        end.respond(200, false, "Content-Length", "2");
        end.write("hi", true);

        assertThat(end.takeTold()).isEmpty();
        assertThat(end.out()).isEqualTo("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
        assertThat(end.takeTold()).containsExactly("start GET /b last");
        assertThat(end.stream.requestNumber()).isEqualTo(2);
    }

    @Test
    void manyPipelinedRequestsThatAreAnsweredAtOnceDoNotRecurse() {
        end.onStart = request -> end.respond(204, true);

        end.in(GET.repeat(2000));

        assertThat(end.told).hasSize(2000);
        assertThat(end.sends()).isLessThan(100);
        assertThat(end.stream.isIdle()).isTrue();
    }

    @Test
    void aHeadAndASmallBodyAreOneSend() {
        end.in(GET);
        end.respond(200, false, "Content-Length", "1000");
        end.write("x".repeat(1000), true);

        assertThat(end.sends()).isEqualTo(1);
    }

    @Test
    void connectionCloseEndsTheConnectionBehindTheResponse() {
        end.in("GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        end.respond(200, true);

        assertThat(end.out()).isEqualTo("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        assertThat(end.isOpen()).isFalse();
        assertThat(end.open).isZero();
    }

    @Test
    void anOldClientIsKeptOnlyIfItAsks() {
        end.in(OLD_GET + "Connection: Keep-Alive\r\n\r\n");
        end.respond(200, true);
        assertThat(end.out()).contains("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n");
        assertThat(end.isOpen()).isTrue();

        end.in(OLD_GET + "\r\n");
        end.respond(200, true);
        assertThat(end.out()).contains("Connection: close\r\n");
        assertThat(end.isOpen()).isFalse();
    }

    @Test
    void anOldClientGetsABodyOfUnknownLengthUpToTheClose() {
        end.in(OLD_GET + "Connection: keep-alive\r\n\r\n");
        end.respond(200, false);
        end.write("hi", false);
        end.stream.writeTrailers(Headers.of("X", "y"));

        assertThat(end.out()).isEqualTo("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhi");
        assertThat(end.isOpen()).isFalse();
    }

    @Test
    void anOldClientGetsNoInformationalResponse() {
        end.in(OLD_GET + "\r\n");
        end.stream.respondInformational(ResponseHead.of(103));

        assertThat(end.out()).isEmpty();
    }

    @Test
    void theLastOfTheAllowedRequestsSaysClose() {
        Ends.Server limited = with(ProxyOptions.builder().maxRequestsPerConnection(2));
        limited.onStart = request -> limited.respond(204, true);
        limited.in(GET);
        assertThat(limited.out()).doesNotContain("close");
        limited.in(GET);
        assertThat(limited.out()).contains("Connection: close");
        assertThat(limited.isOpen()).isFalse();
    }

    @Test
    void closeAfterResponseIsSaid() {
        end.in(GET);
        end.stream.closeAfterResponse();
        end.respond(204, true);

        assertThat(end.out()).isEqualTo("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
        assertThat(end.isOpen()).isFalse();
    }

    @Test
    void drainingClosesAnIdleConnectionAtOnce() {
        end.in(GET);
        end.respond(204, true);
        end.turn();
        end.stream.drain();

        assertThat(end.isOpen()).isFalse();
    }

    @Test
    void drainingLetsTheAnswerThroughAndSaysClose() {
        end.in(GET);
        end.stream.drain();
        assertThat(end.isOpen()).isTrue();
        end.respond(200, true);

        assertThat(end.out()).contains("Connection: close\r\n");
        assertThat(end.isOpen()).isFalse();
    }

    // ---- framing of what goes out

    @Test
    void aBodyOfUnknownLengthIsChunkedAndMayHaveTrailers() {
        end.in(GET);
        end.respond(200, false, "Trailer", "X");
        end.write("0123456789abcdef!", false);
        end.write("", false);
        end.stream.writeTrailers(Headers.of("X", "y"));

        assertThat(end.out())
                .isEqualTo("HTTP/1.1 200 OK\r\nTrailer: X\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "11\r\n0123456789abcdef!\r\n0\r\nX: y\r\n\r\n");
        assertThat(end.stream.isIdle()).isTrue();
    }

    @Test
    void aLargeChunkIsPassedOnAsItIs() {
        end.in(GET);
        end.respond(200, false);
        end.write("x".repeat(5000), true);

        assertThat(end.out()).endsWith("\r\n1388\r\n" + "x".repeat(5000) + "\r\n0\r\n\r\n");
    }

    @Test
    void tooLongABodyBreaksTheConnectionOff() {
        end.in(GET);
        end.respond(200, false, "Content-Length", "3");
        end.write("four", false);

        assertThat(end.isOpen()).isFalse();
        assertThat(end.out()).doesNotContain("four");
        assertThat(end.told).endsWith("reset INTERNAL INTERNAL");
    }

    @Test
    void tooShortABodyBreaksTheConnectionOff() {
        end.in(GET);
        end.respond(200, false, "Content-Length", "3");
        end.write("on", true);

        assertThat(end.isOpen()).isFalse();
        assertThat(end.told).endsWith("reset INTERNAL INTERNAL");
    }

    @Test
    void aBodyThatWasAnnouncedAndIsMissingBreaksTheConnectionOff() {
        end.onStart = request -> end.respond(200, true, "Content-Length", "3");
        end.in(GET);

        assertThat(end.isOpen()).isFalse();
        assertThat(end.out()).isEmpty();
        assertThat(end.told).endsWith("reset INTERNAL INTERNAL");
    }

    @Test
    void responsesWithoutBodyHaveNoBodyByte() {
        end.in("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
        end.respond(200, false, "Content-Length", "3");
        end.write("abc", true);
        assertThat(end.out()).isEqualTo("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");

        end.in(GET);
        end.respond(304, true, "Content-Length", "3");
        assertThat(end.out()).isEqualTo("HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n");

        end.in(GET);
        end.respond(204, true, "Content-Length", "0");
        assertThat(end.out()).isEqualTo("HTTP/1.1 204 No Content\r\n\r\n");
        assertThat(end.stream.isIdle()).isTrue();
    }

    @Test
    void connectionFieldsThatWereLeftInTheHeadAreNotSent() {
        end.in(GET);
        end.respond(200, true, "Connection", "X", "A", "1", "Transfer-Encoding", "gzip", "keep-alive", "5", "B", "2");

        assertThat(end.out()).isEqualTo("HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nContent-Length: 0\r\n\r\n");
    }

    // ---- request bodies

    @Test
    void aBodyIsToldAsItComes() {
        end.in(POST + "ab");
        end.in("cdeGET");

        assertThat(end.takeTold()).containsExactly("start POST /a", "data ab", "data cde last");
    }

    @Test
    void aChunkedBodyMayHaveTrailers() {
        end.in(CHUNKED + "3;x=y\r\nabc\r\n0\r\nX: y\r\n\r\n");
        end.respond(200, true);
        end.turn();
        end.in(CHUNKED + "3\r\nabc\r\n0\r\n\r\n");

        assertThat(end.takeTold())
                .containsExactly("start POST /a", "data abc", "trailers X: y", "start POST /a", "data abc last");
    }

    @Test
    void aPausedStreamTellsNothingAndReadsLittleAhead() {
        end.onTold = event -> end.stream.pause();
        end.in(CHUNKED + "1\r\na\r\n1\r\nb\r\n");
        assertThat(end.takeTold()).containsExactly("start POST /a", "data a");
        assertThat(end.channel.config().isAutoRead()).isTrue();

        end.in("8000\r\n" + "x".repeat(0x8000));
        assertThat(end.takeTold()).isEmpty();
        assertThat(end.channel.config().isAutoRead()).isFalse();

        end.onTold = event -> {};
        end.stream.resume();
        assertThat(end.takeTold()).containsExactly("data b", "data " + "x".repeat(0x8000));
        assertThat(end.channel.config().isAutoRead()).isTrue();
    }

    @Test
    void aMalformedBodyIsAnsweredOnceTheExchangeIsTold() {
        end.in(CHUNKED + "3\r\nabcX");

        assertThat(end.takeTold()).containsExactly("start POST /a", "reset DOWNSTREAM PROTOCOL");
        assertThat(end.out()).startsWith("HTTP/1.1 400 Bad Request\r\n");
        assertThat(end.refusals).containsExactly("400 bad-chunk-end");
        assertThat(end.isOpen()).isFalse();
    }

    @Test
    void aMalformedBodyBehindTheResponseHeadBreaksTheConnectionOff() {
        end.in(CHUNKED);
        end.respond(200, false);
        end.in("zz\r\n");

        assertThat(end.takeTold()).endsWith("reset DOWNSTREAM PROTOCOL");
        assertThat(end.out()).doesNotContain("400");
        assertThat(end.isOpen()).isFalse();
    }

    @Test
    void anAnswerBeforeTheEndOfTheRequestClosesTheConnection() {
        end.in(POST + "ab");
        end.takeTold();
        end.respond(413, true);
        end.turn();
        end.in("cde" + GET);

        assertThat(end.takeTold()).isEmpty();
        assertThat(end.out()).startsWith("HTTP/1.1 413 ");
        assertThat(end.isOpen()).isFalse();
    }

    @Test
    void theRestOfABodyThatIsHereIsPassedOver() {
        end.onTold = event -> end.stream.pause();
        end.onStart = request -> end.stream.pause();
        end.in(POST + "abcde" + GET);
        end.takeTold();
        end.respond(413, true);
        end.turn();

        assertThat(end.takeTold()).containsExactly("start GET /a last");
    }

    // ---- 100 (Continue)

    @Test
    void continueIsSentAndTheConnectionStays() {
        end.in(POST.replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n"));
        end.stream.respondInformational(ResponseHead.of(100));
        assertThat(end.out()).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
        end.in("abcde");
        end.respond(200, true);

        assertThat(end.out()).doesNotContain("close");
        assertThat(end.stream.isIdle()).isTrue();
    }

    @Test
    void aFinalAnswerInsteadOfContinueSaysClose() {
        end.in(POST.replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n"));
        end.respond(401, true);

        assertThat(end.out()).startsWith("HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n");
        assertThat(end.isOpen()).isFalse();
    }

    // ---- refusals and time

    @Test
    void aRefusedRequestIsAnsweredAndCounted() {
        end.in("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + GET);

        assertThat(end.out())
                .isEqualTo("HTTP/1.1 400 Bad Request\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                        + "Connection: close\r\nContent-Length: 0\r\n\r\n");
        assertThat(end.refusals).containsExactly("400 duplicate-host");
        assertThat(end.told).isEmpty();
        assertThat(end.isOpen()).isFalse();
    }

    @Test
    void anIdleConnectionIsClosedSilently() {
        end.in(GET);
        end.respond(204, true);
        end.out();
        end.pass(Duration.ofSeconds(59));
        assertThat(end.isOpen()).isTrue();
        end.pass(Duration.ofSeconds(2));

        assertThat(end.isOpen()).isFalse();
        assertThat(end.out()).isEmpty();
        assertThat(end.refusals).isEmpty();
    }

    @Test
    void aHeadThatDripsInIs408() {
        end.pass(Duration.ofSeconds(30));
        for (int i = 0; i < 14; i++) {
            end.in(i == 0 ? "GET" : " ".repeat(i == 1 ? 1 : 0) + "/");
            end.pass(Duration.ofSeconds(1));
        }
        assertThat(end.isOpen()).isTrue();
        end.pass(Duration.ofSeconds(2));

        assertThat(end.out()).startsWith("HTTP/1.1 408 Request Timeout\r\n");
        assertThat(end.refusals).containsExactly("408 head-timeout");
        assertThat(end.isOpen()).isFalse();
    }

    @Test
    void aBodyThatStopsIs408() {
        Ends.Server slow = with(ProxyOptions.builder().minRequestBodyRate(DataRate.NONE));
        slow.in(POST + "a");
        slow.pass(Duration.ofSeconds(29));
        slow.in("b");
        slow.pass(Duration.ofSeconds(29));
        assertThat(slow.isOpen()).isTrue();
        slow.pass(Duration.ofSeconds(2));

        assertThat(slow.told).endsWith("reset DOWNSTREAM BODY_TIMEOUT");
        assertThat(slow.out()).startsWith("HTTP/1.1 408 ");
    }

    @Test
    void theRateOfABodyIsNotAskedOfWhatComesBehindIt() {
        end.in(CHUNKED + "1\r\na\r\n");
        end.pass(Duration.ofSeconds(1));
        end.onTold = event -> {
            if (event.endsWith("last")) {
                end.onTold = later -> {};
                end.respond(200, true);
            }
        };
        end.in("1\r\nb\r\n0\r\n\r\n" + GET.replace("/a", "/b"));
        assertThat(end.told).endsWith("data b last", "start GET /b last");
        for (int i = 0; i < 60; i++) {
            end.pass(Duration.ofSeconds(1));
        }

        assertThat(end.isOpen()).isTrue();
        end.respond(200, true);
        assertThat(end.told).endsWith("start GET /b last");
    }

    @Test
    void aBodyThatNobodyWantsHasTime() {
        end.onStart = request -> end.stream.pause();
        end.in(POST);
        end.pass(Duration.ofHours(1));

        assertThat(end.isOpen()).isTrue();
    }

    // ---- departures

    @Test
    void aFinWithAnAnswerDueIsADeparture() {
        end.in(GET);
        end.fin();

        assertThat(end.takeTold()).containsExactly("start GET /a last", "reset DOWNSTREAM CONNECTION_CLOSED");
        assertThat(end.isOpen()).isFalse();
    }

    @Test
    void aFinMayBeAHalfClose() {
        Ends.Server half = with(ProxyOptions.builder().halfClose(true));
        half.in(GET + GET);
        half.fin();
        half.respond(200, true);
        half.turn();
        assertThat(half.takeTold()).containsExactly("start GET /a last", "start GET /a last");
        half.respond(200, true);

        assertThat(half.out()).containsOnlyOnce("Connection: close");
        assertThat(half.isOpen()).isFalse();
    }

    @Test
    void aFinWithinABodyIsADepartureAlwaysAlsoWithHalfClose() {
        Ends.Server half = with(ProxyOptions.builder().halfClose(true));
        half.in(POST + "ab");
        half.fin();

        assertThat(half.told).endsWith("reset DOWNSTREAM CONNECTION_CLOSED");
        assertThat(half.isOpen()).isFalse();
    }

    @Test
    void aFinWithinAHeadJustCloses() {
        end.in("GET / HT");
        end.fin();

        assertThat(end.isOpen()).isFalse();
        assertThat(end.out()).isEmpty();
        assertThat(end.refusals).isEmpty();
    }

    @Test
    void aLostConnectionIsTold() {
        end.in(POST);
        end.channel.close();

        assertThat(end.told).endsWith("reset DOWNSTREAM CONNECTION_CLOSED");
        assertThat(end.open).isZero();
    }

    @Test
    void aResetStreamTellsNoMore() {
        end.in(POST + "a");
        end.takeTold();
        end.stream.reset(ProxyException.internal(ErrorType.INTERNAL, "test", null));
        end.stream.resume();
        end.write("x", true);

        assertThat(end.isOpen()).isFalse();
        assertThat(end.takeTold()).isEmpty();
    }

    // ---- tunnels

    @Test
    void whatFollowsAnUpgradeIsTunnelledOnceItIsAccepted() {
        end.in(UPGRADE + "raw");
        assertThat(end.head.upgrade()).isEqualTo("websocket");
        assertThat(end.takeTold()).containsExactly("start GET /u last");
        end.stream.respond(ResponseHead.of(101).setUpgrade("websocket"), false);
        assertThat(end.out())
                .isEqualTo("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        end.in("GET");
        assertThat(end.takeTold()).containsExactly("data raw", "data GET");

        end.write("back", false);
        assertThat(end.out()).isEqualTo("back");
        end.fin();
        assertThat(end.takeTold()).containsExactly("data  last");
        end.write("bye", true);
        assertThat(end.out()).isEqualTo("bye");
        assertThat(end.isOpen()).isFalse();
    }

    @Test
    void whatFollowsAnUpgradeThatIsNotAcceptedIsTheNextRequest() {
        end.in(UPGRADE + GET);
        end.respond(200, true);
        end.turn();

        assertThat(end.takeTold()).containsExactly("start GET /u last", "start GET /a last");
    }

    @Test
    void connectIsATunnelWhenAccepted() {
        end.in("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n");
        end.respond(200, false);
        end.in("hello");

        assertThat(end.out()).isEqualTo("HTTP/1.1 200 OK\r\n\r\n");
        assertThat(end.takeTold()).containsExactly("start CONNECT a:1 last", "data hello");
    }
}
