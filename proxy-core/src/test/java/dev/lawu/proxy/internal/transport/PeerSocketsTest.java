package dev.lawu.proxy.internal.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lawu.proxy.upstream.PeerOptions;
import dev.lawu.proxy.upstream.TcpKeepAlive;
import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.socket.nio.NioChannelOption;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a peer's options do to a real socket, read back from it. */
class PeerSocketsTest {
    private static final PeerOptions ALL = PeerOptions.builder()
            .tcpKeepAlive(TcpKeepAlive.of(Duration.ofSeconds(41), Duration.ofSeconds(7), 3))
            .tcpUserTimeout(Duration.ofMillis(12_345))
            .dscp(46)
            .receiveBufferSize(65_536)
            .sendBufferSize(131_072)
            .tcpFastOpen(true)
            .build();

    private SocketTransport transport;
    private EventLoopGroup loops;

    private void use(boolean epoll) {
        Assumptions.assumeTrue(!epoll || Epoll.isAvailable(), "no epoll here");
        transport = new SocketTransport(epoll);
        loops = transport.eventLoops(1);
    }

    @AfterEach
    void close() {
        if (loops != null) {
            loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }

    private ChannelFuture connect(SocketAddress remote, PeerOptions options) throws InterruptedException {
        return transport.connect(loops.next(), remote, options, channel -> {}).await();
    }

    private static ServerSocket listen(String address) throws IOException {
        return new ServerSocket(0, 10, InetAddress.getByName(address));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void optionsAreSet(boolean epoll) throws Exception {
        use(epoll);
        try (ServerSocket origin = listen("127.0.0.1")) {
            Channel channel = connect(origin.getLocalSocketAddress(), ALL).channel();
            assertThat(channel.isActive()).isTrue();
            ChannelConfig config = channel.config();
            assertThat(config.getOption(ChannelOption.SO_KEEPALIVE)).isTrue();
            assertThat(config.getOption(ChannelOption.IP_TOS)).isEqualTo(46 << 2);
            // Linux doubles what it is told, for its own bookkeeping
            assertThat(config.getOption(ChannelOption.SO_RCVBUF)).isIn(65_536, 131_072);
            assertThat(config.getOption(ChannelOption.SO_SNDBUF)).isIn(131_072, 262_144);
            if (epoll) {
                assertThat(config.getOption(EpollChannelOption.TCP_KEEPIDLE)).isEqualTo(41);
                assertThat(config.getOption(EpollChannelOption.TCP_KEEPINTVL)).isEqualTo(7);
                assertThat(config.getOption(EpollChannelOption.TCP_KEEPCNT)).isEqualTo(3);
                assertThat(config.getOption(EpollChannelOption.TCP_USER_TIMEOUT))
                        .isEqualTo(12_345);
                assertThat(config.getOption(PeerSockets.FAST_OPEN)).isEqualTo(1);
            } else {
                assertThat(config.getOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPIDLE)))
                        .isEqualTo(41);
                assertThat(config.getOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPINTERVAL)))
                        .isEqualTo(7);
                assertThat(config.getOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPCOUNT)))
                        .isEqualTo(3);
            }
            channel.close().sync();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void optionsThatAreNotSetAreLeftToTheSystem(boolean epoll) throws Exception {
        use(epoll);
        try (ServerSocket origin = listen("127.0.0.1")) {
            Channel channel = connect(origin.getLocalSocketAddress(), PeerOptions.DEFAULTS)
                    .channel();
            assertThat(channel.config().getOption(ChannelOption.SO_KEEPALIVE)).isFalse();
            assertThat(channel.config().getOption(ChannelOption.IP_TOS)).isZero();
            channel.close().sync();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatTheTransportLacksIsSaidOnce(boolean epoll) throws Exception {
        use(epoll);
        PrintStream before = System.err;
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        try (ServerSocket origin = listen("127.0.0.1")) {
            System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
            for (int i = 0; i < 3; i++) {
                connect(origin.getLocalSocketAddress(), ALL).channel().close().sync();
            }
        } finally {
            System.setErr(before);
        }
        String text = log.toString(StandardCharsets.UTF_8);
        int once = epoll ? 1 : 2;
        assertThat(text.split("the option tcpUserTimeout of peers has no effect here", -1))
                .hasSize(once);
        assertThat(text.split("the option tcpFastOpen of peers has no effect here", -1))
                .hasSize(once);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theSourceAddressIsBound(boolean epoll) throws Exception {
        use(epoll);
        PeerOptions options = PeerOptions.builder()
                .sourceAddress(InetAddress.getByName("127.0.0.3"))
                .build();
        try (ServerSocket origin = listen("127.0.0.1")) {
            Channel channel = connect(origin.getLocalSocketAddress(), options).channel();
            try (Socket accepted = origin.accept()) {
                assertThat(accepted.getInetAddress().getHostAddress()).isEqualTo("127.0.0.3");
                assertThat(accepted.getPort()).isPositive();
            }
            channel.close().sync();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aSourceAddressThatIsNotOurs(boolean epoll) throws Exception {
        use(epoll);
        PeerOptions options = PeerOptions.builder()
                .sourceAddress(InetAddress.getByName("192.0.2.1"))
                .build();
        try (ServerSocket origin = listen("127.0.0.1")) {
            ChannelFuture failed = connect(origin.getLocalSocketAddress(), options);
            assertThatThrownBy(failed::sync)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("assign requested address");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aUnixSocketThatIsNotThere(boolean epoll) throws Exception {
        use(epoll);
        ChannelFuture failed = connect(UnixDomainSocketAddress.of(Path.of("/nowhere/app.sock")), ALL);
        assertThatThrownBy(failed::sync).isInstanceOf(IOException.class);
        assertThat(failed.channel().isOpen()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void sixWorksWhereThereIsSix(boolean epoll) throws Exception {
        use(epoll);
        ServerSocket origin;
        try {
            origin = listen("::1");
        } catch (IOException e) {
            Assumptions.abort("no IPv6 here");
            return;
        }
        try (origin) {
            PeerOptions options = PeerOptions.builder()
                    .sourceAddress(InetAddress.getByName("::1"))
                    .dscp(46)
                    .build();
            Channel channel = connect(origin.getLocalSocketAddress(), options).channel();
            assertThat(((InetSocketAddress) channel.localAddress()).getAddress().getHostAddress())
                    .isEqualTo("0:0:0:0:0:0:0:1");
            assertThat(channel.config().getOption(ChannelOption.IP_TOS)).isEqualTo(46 << 2);
            channel.close().sync();
        }
    }
}
