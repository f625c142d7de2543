package dev.lawu.proxy.internal.transport;

import dev.lawu.proxy.upstream.PeerOptions;
import dev.lawu.proxy.upstream.TcpKeepAlive;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.unix.IntegerUnixChannelOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Applies what a peer's options say about the socket, before it connects. What the system does not have is logged once. Thread-safe. */
final class PeerSockets {
    private static final Logger logger = LoggerFactory.getLogger("dev.lawu.proxy.transport");

    private static final int IPPROTO_TCP = 6;
    /**
     * Netty's own option of this name sends what was written before the connection was made. The kernel's lets connect() succeed at once where it has the server's cookie, and sends the first write with
     * the SYN, which fits connections that are made before there is anything to write.
     */
    static final ChannelOption<Integer> FAST_OPEN =
            new IntegerUnixChannelOption("LAWU_TCP_FASTOPEN_CONNECT", IPPROTO_TCP, 30);

    private final boolean epoll;
    private final Set<String> reported = ConcurrentHashMap.newKeySet();

    PeerSockets(boolean epoll) {
        this.epoll = epoll;
    }

    /** True if there is nothing to apply. */
    static boolean isPlain(PeerOptions options) {
        return options.sourceAddress() == null
                && options.tcpKeepAlive() == null
                && options.tcpUserTimeout().isZero()
                && options.dscp() == 0
                && options.receiveBufferSize() == 0
                && options.sendBufferSize() == 0
                && !options.tcpFastOpen();
    }

    void apply(Channel channel, PeerOptions options) {
        if (options.sourceAddress() != null && epoll) {
            // The port is chosen when it is known for which remote address it must be free.
            set(channel, "sourceAddress", EpollChannelOption.IP_BIND_ADDRESS_NO_PORT, true);
        }
        TcpKeepAlive keepAlive = options.tcpKeepAlive();
        if (keepAlive != null) {
            int idle = (int) keepAlive.idle().toSeconds();
            int interval = (int) keepAlive.interval().toSeconds();
            set(channel, "tcpKeepAlive", ChannelOption.SO_KEEPALIVE, true);
            set(
                    channel,
                    "tcpKeepAlive.idle",
                    epoll ? EpollChannelOption.TCP_KEEPIDLE : NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPIDLE),
                    idle);
            set(
                    channel,
                    "tcpKeepAlive.interval",
                    epoll
                            ? EpollChannelOption.TCP_KEEPINTVL
                            : NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPINTERVAL),
                    interval);
            set(
                    channel,
                    "tcpKeepAlive.count",
                    epoll ? EpollChannelOption.TCP_KEEPCNT : NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPCOUNT),
                    keepAlive.count());
        }
        if (!options.tcpUserTimeout().isZero()) {
            int millis = (int) options.tcpUserTimeout().toMillis();
            set(channel, "tcpUserTimeout", epoll ? EpollChannelOption.TCP_USER_TIMEOUT : null, millis);
        }
        if (options.dscp() != 0) {
            set(channel, "dscp", ChannelOption.IP_TOS, options.dscp() << 2);
        }
        if (options.receiveBufferSize() != 0) {
            set(channel, "receiveBufferSize", ChannelOption.SO_RCVBUF, options.receiveBufferSize());
        }
        if (options.sendBufferSize() != 0) {
            set(channel, "sendBufferSize", ChannelOption.SO_SNDBUF, options.sendBufferSize());
        }
        if (options.tcpFastOpen()) {
            set(channel, "tcpFastOpen", epoll ? FAST_OPEN : null, 1);
        }
    }

    private <T> void set(Channel channel, String name, @Nullable ChannelOption<T> option, T value) {
        String failure = "this transport does not have it";
        try {
            if (option != null && channel.config().setOption(option, value)) {
                return;
            }
        } catch (ChannelException | UnsupportedOperationException | IllegalArgumentException e) {
            failure = e.toString();
        }
        if (reported.add(name)) {
            logger.warn("the option {} of peers has no effect here: {}", name, failure);
        }
    }
}
