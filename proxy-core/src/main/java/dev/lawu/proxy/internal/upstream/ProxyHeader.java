package dev.lawu.proxy.internal.upstream;

import dev.lawu.proxy.upstream.ProxyProtocol;
import io.netty.util.NetUtil;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The header of HAProxy's PROXY protocol ("The PROXY protocol, versions 1 &amp; 2", sections 2.1 and 2.2), without TLVs.
 *
 * <p>Both addresses are of one family: where they differ, the IPv4 one is mapped into IPv6. A client of whom nothing is known is {@code UNKNOWN} or {@code LOCAL}, which tells the receiver to use the
 * connection's own addresses.
 */
final class ProxyHeader {
    private static final byte[] SIGNATURE = {0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A};
    private static final int LOCAL = 0x20;
    private static final int PROXY = 0x21;
    private static final int UNSPECIFIED = 0x00;
    private static final int TCP4 = 0x11;
    private static final int TCP6 = 0x21;
    private static final int UNIX_STREAM = 0x31;
    private static final int UNIX_PATH = 108;

    private ProxyHeader() {}

    /**
     * Makes the header.
     *
     * @param source the client's address; null if unknown
     * @param destination where its connection has arrived; null if unknown
     */
    static byte[] of(ProxyProtocol version, @Nullable SocketAddress source, @Nullable SocketAddress destination) {
        return switch (version) {
            case NONE -> new byte[0];
            case V1 -> text(ip(source), ip(destination)).getBytes(StandardCharsets.US_ASCII);
            case V2 -> binary(source, destination);
        };
    }

    /** An internet address that is not a name. */
    private static @Nullable InetSocketAddress ip(@Nullable SocketAddress address) {
        return address instanceof InetSocketAddress inet && !inet.isUnresolved() ? inet : null;
    }

    private static boolean isIpv4(@Nullable InetSocketAddress address) {
        return address == null || address.getAddress() instanceof Inet4Address;
    }

    private static String text(@Nullable InetSocketAddress source, @Nullable InetSocketAddress destination) {
        if (source == null) {
            return "PROXY UNKNOWN\r\n";
        }
        boolean four = isIpv4(source) && isIpv4(destination);
        return "PROXY " + (four ? "TCP4 " : "TCP6 ") + text(source, four) + " " + text(destination, four) + " "
                + source.getPort() + " " + (destination == null ? 0 : destination.getPort()) + "\r\n";
    }

    private static String text(@Nullable InetSocketAddress address, boolean four) {
        if (address == null) {
            return four ? "0.0.0.0" : "::";
        }
        InetAddress ip = address.getAddress();
        String text = NetUtil.toAddressString(ip);
        return !four && ip instanceof Inet4Address ? "::ffff:" + text : text;
    }

    private static byte[] binary(@Nullable SocketAddress source, @Nullable SocketAddress destination) {
        InetSocketAddress from = ip(source);
        InetSocketAddress to = ip(destination);
        if (from != null) {
            boolean four = isIpv4(from) && isIpv4(to);
            byte[] addresses = ByteBuffer.allocate(four ? 12 : 36)
                    .put(bytes(from, four))
                    .put(bytes(to, four))
                    .putShort((short) from.getPort())
                    .putShort((short) (to == null ? 0 : to.getPort()))
                    .array();
            return header(PROXY, four ? TCP4 : TCP6, addresses);
        }
        if (source instanceof UnixDomainSocketAddress unix) {
            byte[] addresses = ByteBuffer.allocate(2 * UNIX_PATH)
                    .put(path(unix))
                    .put(path(destination instanceof UnixDomainSocketAddress local ? local : null))
                    .array();
            return header(PROXY, UNIX_STREAM, addresses);
        }
        return header(LOCAL, UNSPECIFIED, new byte[0]);
    }

    private static byte[] header(int command, int family, byte[] addresses) {
        return ByteBuffer.allocate(SIGNATURE.length + 4 + addresses.length)
                .put(SIGNATURE)
                .put((byte) command)
                .put((byte) family)
                .putShort((short) addresses.length)
                .put(addresses)
                .array();
    }

    private static byte[] bytes(@Nullable InetSocketAddress address, boolean four) {
        if (address == null) {
            return new byte[four ? 4 : 16];
        }
        byte[] bytes = address.getAddress().getAddress();
        if (four || bytes.length == 16) {
            return bytes;
        }
        return ByteBuffer.allocate(16)
                .position(10)
                .putShort((short) 0xFFFF)
                .put(bytes)
                .array();
    }

    /** Filled up with NULs. A path that does not fit is cut, as the specification has no other way. */
    private static byte[] path(@Nullable UnixDomainSocketAddress address) {
        byte[] field = new byte[UNIX_PATH];
        if (address != null) {
            byte[] bytes = address.getPath().toString().getBytes(StandardCharsets.UTF_8);
            System.arraycopy(bytes, 0, field, 0, Math.min(bytes.length, UNIX_PATH));
        }
        return field;
    }
}
