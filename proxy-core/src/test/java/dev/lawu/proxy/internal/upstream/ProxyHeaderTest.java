package dev.lawu.proxy.internal.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lawu.proxy.upstream.ProxyProtocol;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The bytes of the PROXY protocol, against the layouts of its specification. */
class ProxyHeaderTest {
    private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";
    private static final InetSocketAddress CLIENT4 = address("192.0.2.1", 56324);
    private static final InetSocketAddress HERE4 = address("198.51.100.7", 443);
    private static final InetSocketAddress CLIENT6 = address("2001:db8::1", 1025);
    private static final InetSocketAddress HERE6 = address("2001:db8:0:1::2", 8080);

    private static InetSocketAddress address(String literal, int port) {
        try {
            return new InetSocketAddress(InetAddress.getByName(literal), port);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private static String v1(@Nullable SocketAddress source, @Nullable SocketAddress destination) {
        return new String(ProxyHeader.of(ProxyProtocol.V1, source, destination), StandardCharsets.US_ASCII);
    }

    private static String v2(@Nullable SocketAddress source, @Nullable SocketAddress destination) {
        return HexFormat.of().formatHex(ProxyHeader.of(ProxyProtocol.V2, source, destination));
    }

    @Test
    void text() {
        assertThat(v1(CLIENT4, HERE4)).isEqualTo("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n");
        assertThat(v1(CLIENT6, HERE6)).isEqualTo("PROXY TCP6 2001:db8::1 2001:db8:0:1::2 1025 8080\r\n");
        assertThat(v1(CLIENT6, HERE4)).isEqualTo("PROXY TCP6 2001:db8::1 ::ffff:198.51.100.7 1025 443\r\n");
        assertThat(v1(CLIENT4, HERE6)).isEqualTo("PROXY TCP6 ::ffff:192.0.2.1 2001:db8:0:1::2 56324 8080\r\n");
        assertThat(v1(CLIENT4, null)).isEqualTo("PROXY TCP4 192.0.2.1 0.0.0.0 56324 0\r\n");
        assertThat(v1(CLIENT6, null)).isEqualTo("PROXY TCP6 2001:db8::1 :: 1025 0\r\n");
    }

    @Test
    void textOfWhatIsNotAnInternetAddress() {
        assertThat(v1(null, HERE4)).isEqualTo("PROXY UNKNOWN\r\n");
        assertThat(v1(UnixDomainSocketAddress.of("/run/c"), HERE4)).isEqualTo("PROXY UNKNOWN\r\n");
        assertThat(v1(InetSocketAddress.createUnresolved("name", 1), HERE4)).isEqualTo("PROXY UNKNOWN\r\n");
    }

    @Test
    void theLongestTextFits() {
        String eight = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
        String longest = v1(address(eight, 65535), address(eight, 65535));
        assertThat(longest).isEqualTo("PROXY TCP6 " + eight + " " + eight + " 65535 65535\r\n");
        assertThat(longest.length()).isLessThanOrEqualTo(107);
    }

    @Test
    void binary() {
        assertThat(v2(CLIENT4, HERE4)).isEqualTo(SIGNATURE + "2111000c" + "c0000201" + "c6336407" + "dc04" + "01bb");
        assertThat(v2(CLIENT6, HERE6))
                .isEqualTo(SIGNATURE + "21210024" + "20010db8000000000000000000000001"
                        + "20010db8000000010000000000000002" + "0401" + "1f90");
        assertThat(v2(CLIENT4, HERE6))
                .isEqualTo(SIGNATURE + "21210024" + "00000000000000000000ffffc0000201"
                        + "20010db8000000010000000000000002" + "dc04" + "1f90");
        assertThat(v2(CLIENT4, null)).isEqualTo(SIGNATURE + "2111000c" + "c0000201" + "00000000" + "dc04" + "0000");
    }

    @Test
    void binaryOfUnixSockets() {
        String here = HexFormat.of().formatHex("/run/here".getBytes(StandardCharsets.US_ASCII));
        String client = HexFormat.of().formatHex("/run/c".getBytes(StandardCharsets.US_ASCII));
        assertThat(v2(UnixDomainSocketAddress.of("/run/c"), UnixDomainSocketAddress.of("/run/here")))
                .isEqualTo(SIGNATURE + "213100d8" + client + "00".repeat(108 - 6) + here + "00".repeat(108 - 9));
        assertThat(v2(UnixDomainSocketAddress.of(""), UnixDomainSocketAddress.of("/run/here")))
                .isEqualTo(SIGNATURE + "213100d8" + "00".repeat(108) + here + "00".repeat(108 - 9));
    }

    @Test
    void binaryOfNobody() {
        assertThat(v2(null, HERE4)).isEqualTo(SIGNATURE + "20000000");
        assertThat(ProxyHeader.of(ProxyProtocol.NONE, CLIENT4, HERE4)).isEmpty();
    }
}
