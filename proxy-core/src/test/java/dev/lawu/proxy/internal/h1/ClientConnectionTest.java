package dev.lawu.proxy.internal.h1;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.http.RequestHead;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ClientConnectionTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";

    private final Ends.Client end = new Ends.Client();

    private void expectLost(String... told) {
        assertThat(end.takeTold()).containsExactly(told);
        assertThat(end.isOpen()).isFalse();
        assertThat(end.released).isZero();
        assertThat(end.closed).isEqualTo(1);
    }

    @AfterEach
    void release() {
        Ends.releaseAll();
    }

    // ---- reuse

    @Test
    void aConnectionIsReusedBehindAWholeExchange() {
        end.send("GET", true, "Host", "h");
        assertThat(end.out()).isEqualTo("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        end.in(OK + "hi");
        assertThat(end.takeTold()).containsExactly("head 200", "data hi last");
        assertThat(end.released).isEqualTo(1);

        end.listenAgain();
        assertThat(end.stream.hasResponseBytes()).isFalse();
        end.send("HEAD", true, "Host", "h");
        end.in(OK);
        assertThat(end.takeTold()).containsExactly("head 200 last");
        assertThat(end.released).isEqualTo(2);
        assertThat(end.closed).isZero();
    }

    @Test
    void anUnusedConnectionIsGivenBack() {
        end.stream.release();
        end.turn();

        assertThat(end.released).isEqualTo(1);
        assertThat(end.stream.isUsable()).isTrue();
    }

    @Test
    void bytesBehindTheResponseEndTheConnection() {
        end.send("GET", true);
        end.in(OK + "hiHTTP/1.1 200 OK\r\n");

        expectLost("head 200", "data hi last");
    }

    @Test
    void bytesThatNobodyAskedForEndTheConnection() {
        end.send("GET", true);
        end.in("HTTP/1.1 204 No Content\r\n\r\n");
        end.takeTold();
        assertThat(end.released).isEqualTo(1);
        end.in(OK);

        assertThat(end.isOpen()).isFalse();
        assertThat(end.stream.isUsable()).isFalse();
        assertThat(end.takeTold()).isEmpty();
        assertThat(end.closed).isEqualTo(1);
    }

    @Test
    void bytesThatComeBeforeTheRequestHasLeftAreNotItsResponse() {
        end.send("GET", true);
        end.in("HTTP/1.1 204 No Content\r\n\r\n");
        end.takeTold();
        end.out();
        end.listenAgain();
        end.stream.send(RequestHead.of("GET", "/"), true); // and the turn has not ended
        end.in(OK + "hi");

        assertThat(end.takeTold()).containsExactly("reset UPSTREAM CONNECTION_CLOSED");
        assertThat(end.listener.reset.isRetryable()).isTrue();
        assertThat(end.out()).isEmpty();
        assertThat(end.isOpen()).isFalse();
    }

    @Test
    void bytesOnANewConnectionBeforeTheRequestAreNoReasonToRepeatIt() {
        end.stream.send(RequestHead.of("GET", "/"), true);
        end.in(OK + "hi");

        assertThat(end.takeTold()).containsExactly("reset UPSTREAM PROTOCOL");
        assertThat(end.listener.reset.isRetryable()).isFalse();
        assertThat(end.out()).isEmpty();
    }

    @Test
    void aFinWhileIdleEndsTheConnection() {
        end.stream.release();
        end.turn();
        end.fin();

        assertThat(end.stream.isUsable()).isFalse();
        assertThat(end.isOpen()).isFalse();
    }

    @Test
    void closeAndOldResponsesEndTheConnection() {
        end.send("GET", true);
        end.in("HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 0\r\n\r\n");
        expectLost("head 200 last");

        Ends.Client old = new Ends.Client();
        old.send("GET", true);
        old.in("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n");
        assertThat(old.isOpen()).isFalse();

        Ends.Client kept = new Ends.Client();
        kept.send("GET", true);
        kept.in("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n");
        assertThat(kept.released).isEqualTo(1);
    }

    @Test
    void anAnswerBeforeTheEndOfTheRequestIsToldAndEndsTheConnection() {
        end.send("POST", false, "Content-Length", "5");
        end.in("HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n");
        end.stream.write(Raw.bytes("abcde"), true);

        expectLost("head 413 last");
    }

    // ---- requests

    @Test
    void aRequestBodyOfUnknownLengthIsChunked() {
        end.send("POST", false);
        end.stream.write(Raw.bytes("abc"), false);
        end.stream.writeTrailers(Headers.of("X", "y"));

        assertThat(end.out())
                .isEqualTo("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n");
    }

    @Test
    void aPostWithoutBodyHasALength() {
        end.send("POST", true);

        assertThat(end.out()).isEqualTo("POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
    }

    @Test
    void teIsNamedByConnection() {
        end.send("GET", true, "TE", "trailers");

        assertThat(end.out()).isEqualTo("GET / HTTP/1.1\r\nTE: trailers\r\nConnection: TE\r\n\r\n");
    }

    @Test
    void aBodyThatIsNotAsLongAsSaidBreaksTheConnectionOff() {
        end.send("POST", false, "Content-Length", "5");
        end.stream.write(Raw.bytes("abcdef"), false);

        expectLost("reset INTERNAL INTERNAL");
        assertThat(end.out()).doesNotContain("abcdef");
    }

    // ---- responses

    @Test
    void informationalHeadsComeBeforeTheFinalOne() {
        end.send("GET", true);
        end.in("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + OK + "hi");

        assertThat(end.takeTold()).containsExactly("head 100", "head 103", "head 200", "data hi last");
    }

    @Test
    void tooManyInformationalHeadsAreRefused() {
        end.send("GET", true);
        end.in("HTTP/1.1 100 Continue\r\n\r\n".repeat(65));

        assertThat(end.told).hasSize(65).endsWith("reset UPSTREAM PROTOCOL");
        assertThat(end.isOpen()).isFalse();
    }

    @Test
    void chunkedResponsesMayHaveTrailers() {
        end.send("GET", true);
        end.in("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX: y\r\n\r\n");

        assertThat(end.takeTold()).containsExactly("head 200", "data hi", "trailers X: y");
        assertThat(end.released).isEqualTo(1);
    }

    @Test
    void aBodyOfUnknownLengthEndsWithTheConnection() {
        end.send("GET", true);
        end.in("HTTP/1.1 200 OK\r\n\r\nhi");
        end.fin();

        expectLost("head 200", "data hi", "data  last");
    }

    @Test
    void aBodyOfUnknownLengthThatIsCutOffIsAnError() {
        end.send("GET", true);
        end.in("HTTP/1.1 200 OK\r\n\r\nhi");
        end.channel.pipeline().fireExceptionCaught(new IOException("Connection reset"));
        end.fin();

        expectLost("head 200", "data hi", "reset UPSTREAM CONNECTION_CLOSED");
    }

    @Test
    void aMalformedResponseIsRefused() {
        end.send("GET", true);
        end.in("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi");

        assertThat(end.listener.reset.getMessage()).contains("duplicate-content-length");
        expectLost("reset UPSTREAM PROTOCOL");
    }

    @Test
    void aMalformedBodyIsRefused() {
        end.send("GET", true);
        end.in("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz");

        expectLost("head 200", "reset UPSTREAM PROTOCOL");
    }

    @Test
    void aResponseBeforeTheRequestIsRefused() {
        end.in(OK);

        expectLost("reset UPSTREAM PROTOCOL");
    }

    @Test
    void aPausedStreamTellsNoHeadAndNoData() {
        end.stream.pause();
        end.send("GET", true);
        end.in(OK + "h");
        assertThat(end.takeTold()).isEmpty();
        end.onTold = event -> end.stream.pause();
        end.stream.resume();
        assertThat(end.takeTold()).containsExactly("head 200");
        end.stream.resume();
        assertThat(end.takeTold()).containsExactly("data h");
        end.in("i");
        assertThat(end.takeTold()).isEmpty();
        end.stream.resume();
        assertThat(end.takeTold()).containsExactly("data i last");
        end.turn();
        assertThat(end.released).isEqualTo(1);
    }

    @Test
    void whatCameBeforeTheConnectionWasLostIsStillTold() {
        end.send("GET", true);
        end.stream.pause();
        end.in(OK + "hi");
        end.fin();
        end.channel.close();
        assertThat(end.closed).isEqualTo(1);
        assertThat(end.takeTold()).isEmpty();
        end.stream.resume();
        end.turn();

        expectLost("head 200", "data hi last");
    }

    // ---- tunnels

    @Test
    void anUpgradeThatWasAskedForIsATunnel() {
        end.stream.send(RequestHead.of("GET", "/", "Host", "h").setUpgrade("websocket"), true);
        assertThat(end.out())
                .isEqualTo("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        end.in("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nraw");
        assertThat(end.listener.head.upgrade()).isEqualTo("websocket");
        end.stream.write(Raw.bytes("HTTP"), false);
        assertThat(end.out()).isEqualTo("HTTP");
        end.stream.write(Raw.bytes("!"), true);
        assertThat(end.out()).isEqualTo("!");
        assertThat(end.isOpen()).isTrue();
        end.fin();

        expectLost("head 101", "data raw", "data  last");
    }

    @Test
    void anUpgradeThatWasNotAskedForIsRefused() {
        end.send("GET", true);
        end.in("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");

        expectLost("reset UPSTREAM PROTOCOL");
    }

    @Test
    void connectIsATunnelWhenAccepted() {
        end.stream.send(RequestHead.of("CONNECT", "a:1", "Host", "a:1"), true);
        end.turn();
        end.in("HTTP/1.1 200 OK\r\n\r\nraw");

        assertThat(end.takeTold()).containsExactly("head 200", "data raw");
    }

    // ---- failures

    @Test
    void aFinSaysWhereItCame() {
        end.send("GET", true);
        end.fin();
        assertThat(end.listener.reset.getMessage()).contains("before any byte of the response");
        assertThat(end.listener.reset.isRetryable()).isFalse();
        expectLost("reset UPSTREAM CONNECTION_CLOSED");

        Ends.Client head = new Ends.Client();
        head.send("GET", true);
        head.in("HTTP/1.1 20");
        assertThat(head.stream.hasResponseBytes()).isTrue();
        head.fin();
        assertThat(head.listener.reset.getMessage()).contains("within the response head");

        Ends.Client body = new Ends.Client();
        body.send("GET", true);
        body.in(OK + "h");
        body.fin();
        assertThat(body.listener.reset.getMessage()).contains("1 of 2");
    }

    @Test
    void onlyWhatWasNeverWrittenIsRetryable() {
        end.stream.send(RequestHead.of("POST", "/"), true);
        end.channel.pipeline().fireUserEventTriggered(io.netty.channel.socket.ChannelInputShutdownEvent.INSTANCE);

        assertThat(end.listener.reset.isRetryable()).isTrue();
        assertThat(end.out()).isEmpty();
    }

    @Test
    void theAnswerIsReadBehindAFailedWrite() {
        end.send("POST", false);
        end.channel.pipeline().fireExceptionCaught(new IOException("Broken pipe"));
        end.in("HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n");

        expectLost("head 413 last");
    }

    @Test
    void noAnswerBehindAFailedWriteIsALostConnection() {
        end.send("POST", false);
        end.channel.pipeline().fireExceptionCaught(new IOException("Broken pipe"));
        assertThat(end.isOpen()).isTrue();
        end.pass(Duration.ofSeconds(2));

        expectLost("reset UPSTREAM CONNECTION_CLOSED");
    }

    @Test
    void theHeadHasItsTimeFromTheEndOfTheRequest() {
        end.send("POST", false);
        end.pass(Duration.ofMinutes(10));
        end.stream.write(Raw.bytes("x"), true);
        end.turn();
        end.pass(Duration.ofSeconds(59));
        assertThat(end.isOpen()).isTrue();
        end.pass(Duration.ofSeconds(2));

        expectLost("reset UPSTREAM RESPONSE_HEAD_TIMEOUT");
    }

    @Test
    void aReusedConnectionHasItsTimeAgain() {
        end.send("GET", true);
        end.pass(Duration.ofSeconds(50));
        end.in(OK + "hi");
        end.listenAgain();
        end.send("GET", true);
        end.pass(Duration.ofSeconds(50));

        assertThat(end.isOpen()).isTrue();
        end.pass(Duration.ofSeconds(11));
        assertThat(end.isOpen()).isFalse();
    }

    @Test
    void theBodyHasItsTimeBetweenBytesWhileItIsWanted() {
        end.send("GET", true);
        end.in(OK);
        end.pass(Duration.ofSeconds(50));
        end.in("h");
        end.pass(Duration.ofSeconds(50));
        end.stream.pause();
        end.pass(Duration.ofHours(1));
        end.stream.resume();
        end.pass(Duration.ofSeconds(59));
        assertThat(end.isOpen()).isTrue();
        end.pass(Duration.ofSeconds(2));

        expectLost("head 200", "data h", "reset UPSTREAM BODY_TIMEOUT");
    }

    @Test
    void aResetStreamTellsNoMore() {
        end.send("GET", true);
        end.stream.reset(ProxyException.internal(ErrorType.INTERNAL, "test", null));
        end.in(OK);

        expectLost();
    }
}
