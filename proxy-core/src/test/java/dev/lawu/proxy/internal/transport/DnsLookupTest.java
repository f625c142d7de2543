package dev.lawu.proxy.internal.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lawu.proxy.upstream.NameOptions;
import dev.lawu.proxy.upstream.ResolvedAddresses;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.resolver.ResolvedAddressTypes;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The DNS client against a name server on loopback. */
class DnsLookupTest {
    private final NameServer server = new NameServer();
    private SocketTransport transport = new SocketTransport();
    private EventLoopGroup loops;
    private DnsLookup lookup;

    @BeforeEach
    void open() {
        open(ResolvedAddressTypes.IPV4_PREFERRED);
    }

    private void open(ResolvedAddressTypes types) {
        loops = transport.eventLoops(1);
        NameOptions options = NameOptions.builder()
                .servers(List.of(server.address()))
                .queryTimeout(Duration.ofMillis(500))
                .build();
        lookup = new DnsLookup(transport, (EventLoop) loops.iterator().next(), options, types);
    }

    @AfterEach
    void close() {
        lookup.close();
        loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
        server.close();
    }

    private ResolvedAddresses resolve(String host) throws Exception {
        return lookup.resolve(host).toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    private static List<String> text(ResolvedAddresses found) {
        return found.addresses().stream().map(InetAddress::getHostAddress).toList();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void bothFamiliesAreAskedForAndTheShorterTimeCounts(boolean epoll) throws Exception {
        close0();
        transport = new SocketTransport(epoll);
        open(ResolvedAddressTypes.IPV6_PREFERRED);
        server.set("app.test", 30, "192.0.2.1", "192.0.2.2", "2001:db8::1");
        ResolvedAddresses found = resolve("app.test");
        assertThat(text(found)).containsExactly("2001:db8:0:0:0:0:0:1", "192.0.2.1", "192.0.2.2");
        assertThat(found.timeToLive()).isEqualTo(Duration.ofSeconds(30));
        assertThat(server.queries()).containsExactlyInAnyOrder("A app.test.", "AAAA app.test.");
    }

    private void close0() {
        lookup.close();
        loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }

    @Test
    void nothingIsKept() throws Exception {
        server.set("app.test", 30, "192.0.2.1");
        assertThat(text(resolve("app.test"))).containsExactly("192.0.2.1");
        server.set("app.test", 0, "192.0.2.7");
        ResolvedAddresses found = resolve("app.test");
        assertThat(text(found)).containsExactly("192.0.2.7");
        assertThat(found.timeToLive()).isPositive().isLessThan(Duration.ofSeconds(1));
    }

    @Test
    void aNameThatDoesNotExistIsToldFromSilence() {
        assertThatThrownBy(() -> resolve("gone.test")).hasCauseInstanceOf(UnknownHostException.class);
        server.set("empty.test", 5);
        assertThatThrownBy(() -> resolve("empty.test")).hasCauseInstanceOf(UnknownHostException.class);
        server.answerWith(DnsResponseCode.SERVFAIL);
        assertThatThrownBy(() -> resolve("app.test"))
                .hasCauseInstanceOf(IOException.class)
                .cause()
                .isNotInstanceOf(UnknownHostException.class)
                .hasMessageContaining("app.test");
        server.silentFor("*");
        assertThatThrownBy(() -> resolve("app.test"))
                .cause()
                .isNotInstanceOf(UnknownHostException.class)
                .hasMessageContaining("no answer from a name server");
    }

    @Test
    void aLostDatagramIsSentAgain() throws Exception {
        server.set("app.test", 30, "192.0.2.1");
        server.lose(2);
        assertThat(text(resolve("app.test"))).containsExactly("192.0.2.1");
    }

    @Test
    void aFamilyThatIsNotAnsweredIsNotWaitedFor() throws Exception {
        server.set("app.test", 300, "192.0.2.1");
        server.silentFor("AAAA");
        long before = System.nanoTime();
        ResolvedAddresses found = resolve("app.test");
        assertThat(text(found)).containsExactly("192.0.2.1");
        assertThat(found.timeToLive()).isEqualTo(Duration.ofSeconds(10));
        // two tries of 500 ms would be waited for otherwise
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofMillis(900));
    }

    @Test
    void theHostsFileComesFirst() throws Exception {
        assertThat(text(resolve("localhost"))).contains("127.0.0.1");
        assertThat(server.queries()).isEmpty();
    }

    @Test
    void aFamilyThatDoesNotExistIsNoFailureOfTheOther() throws Exception {
        server.set("six.test", 30, "2001:db8::6");
        ResolvedAddresses found = resolve("six.test");
        assertThat(text(found)).containsExactly("2001:db8:0:0:0:0:0:6");
        assertThat(found.timeToLive()).isEqualTo(Duration.ofSeconds(30));
    }
}
