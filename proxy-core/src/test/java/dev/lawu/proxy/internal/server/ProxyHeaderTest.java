package dev.lawu.proxy.internal.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyHeaderTest {
    private static final byte[] SIGNATURE = {13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10};

    private static byte[] line(String text) {
        return text.getBytes(ISO_8859_1);
    }

    private static byte[] binary(int command, int family, byte[]... payload) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(SIGNATURE);
        all.write(command);
        all.write(family);
        int length = Arrays.stream(payload).mapToInt(part -> part.length).sum();
        all.write(length >> 8);
        all.write(length);
        for (byte[] part : payload) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    private static final byte[] FOUR = bytes(192, 0, 2, 1, 198, 51, 100, 2, 0xC3, 0x50, 0x01, 0xBB);

    /** Reads it whole with something behind it, and every beginning of it, which must ask for more. */
    private static ProxyHeader read(byte[] header) throws ProxyHeader.Malformed {
        for (int length = 0; length < header.length; length++) {
            ByteBuf part = Unpooled.wrappedBuffer(header, 0, length);
            assertThat(ProxyHeader.read(part)).as("the first %d bytes", length).isNull();
            assertThat(part.readableBytes()).isEqualTo(length);
        }
        ByteBuf whole = Unpooled.wrappedBuffer(new byte[] {7}, header, line("GET"));
        whole.skipBytes(1);
        ProxyHeader found = ProxyHeader.read(whole);
        assertThat(whole.toString(ISO_8859_1)).isEqualTo("GET");
        return found;
    }

    private static void refuses(byte[] header, String message) {
        assertThatThrownBy(() -> ProxyHeader.read(Unpooled.wrappedBuffer(header)))
                .isInstanceOf(ProxyHeader.Malformed.class)
                .hasMessageContaining(message);
    }

    private static SocketAddress at(String host, int port) {
        return new InetSocketAddress(host, port);
    }

    @Test
    void linesAreRead() throws Exception {
        assertThat(read(line("PROXY TCP4 192.0.2.1 198.51.100.2 50000 443\r\n")))
                .isEqualTo(new ProxyHeader(at("192.0.2.1", 50_000), at("198.51.100.2", 443)));
        assertThat(read(line("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n")))
                .isEqualTo(new ProxyHeader(at("255.255.255.255", 65_535), at("255.255.255.255", 65_535)));
        assertThat(read(line("PROXY TCP6 2001:db8::1 ::1 0 1\r\n")))
                .isEqualTo(new ProxyHeader(at("2001:db8::1", 0), at("::1", 1)));
        assertThat(read(line("PROXY UNKNOWN\r\n"))).isEqualTo(new ProxyHeader(null, null));
        String longest = "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
                + " 65535 65535\r\n";
        assertThat(longest).hasSize(ProxyHeader.LONGEST_LINE);
        assertThat(read(line(longest))).isEqualTo(new ProxyHeader(null, null));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "PROXY TCP4 192.0.2.1 198.51.100.2 50000 443\n",
                "PROXY TCP4 192.0.2.1 198.51.100.2 50000\r\n",
                "PROXY TCP4 192.0.2.1 198.51.100.2 50000 443 1\r\n",
                "PROXY TCP4  192.0.2.1 198.51.100.2 50000 443\r\n",
                "PROXY TCP4 192.0.2.1 198.51.100.2 50000 443 \r\n",
                "PROXY TCP4 192.0.2.01 198.51.100.2 50000 443\r\n",
                "PROXY TCP4 192.0.2 198.51.100.2 50000 443\r\n",
                "PROXY TCP4 localhost 198.51.100.2 50000 443\r\n",
                "PROXY TCP4 ::1 ::1 50000 443\r\n",
                "PROXY TCP6 192.0.2.1 198.51.100.2 50000 443\r\n",
                "PROXY TCP6 [::1] ::1 50000 443\r\n",
                "PROXY TCP6 fe80::1%1 ::1 50000 443\r\n",
                "PROXY TCP4 192.0.2.1 198.51.100.2 65536 443\r\n",
                "PROXY TCP4 192.0.2.1 198.51.100.2 050 443\r\n",
                "PROXY TCP4 192.0.2.1 198.51.100.2 -1 443\r\n",
                "PROXY TCP4 192.0.2.1 198.51.100.2 +1 443\r\n",
                "PROXY TCP4 192.0.2.1 198.51.100.2  443\r\n",
                "PROXY UDP4 192.0.2.1 198.51.100.2 50000 443\r\n",
                "PROXY tcp4 192.0.2.1 198.51.100.2 50000 443\r\n",
                "PROXY \r\n",
                "proxy TCP4 192.0.2.1 198.51.100.2 50000 443\r\n",
                "PROXZ",
                "GET / HTTP/1.1\r\n",
                "\r\n\r\nX",
            })
    void otherLinesAreRefused(String text) {
        refuses(line(text), "expected");
    }

    @Test
    void aLineHasAnEnd() throws Exception {
        String endless = "PROXY UNKNOWN " + "x".repeat(200);
        assertThat(ProxyHeader.read(Unpooled.copiedBuffer(endless.substring(0, 106), ISO_8859_1)))
                .isNull();
        refuses(line(endless.substring(0, 107)), "without its end in 107 bytes");
        refuses(line(endless.substring(0, 106) + "\r\n"), "without its end in 107 bytes");
    }

    @Test
    void binaryHeadersAreRead() throws Exception {
        ProxyHeader four = new ProxyHeader(at("192.0.2.1", 50_000), at("198.51.100.2", 443));
        assertThat(read(binary(0x21, 0x11, FOUR))).isEqualTo(four);
        byte[] six = new byte[36];
        six[0] = 0x20;
        six[1] = 1;
        six[15] = 1;
        six[31] = 1;
        six[33] = 80;
        assertThat(read(binary(0x21, 0x21, six))).isEqualTo(new ProxyHeader(at("2001::1", 80), at("::1", 0)));
        byte[] unix = new byte[216];
        unix[0] = '/';
        unix[1] = 'a';
        assertThat(read(binary(0x21, 0x31, unix)))
                .isEqualTo(new ProxyHeader(UnixDomainSocketAddress.of("/a"), UnixDomainSocketAddress.of("")));
    }

    @Test
    void typedValuesAreSkippedAndMustFit() throws Exception {
        byte[] crc = bytes(3, 0, 4, 1, 2, 3, 4);
        byte[] noop = bytes(4, 0, 0);
        assertThat(read(binary(0x21, 0x11, FOUR, crc, noop)).source()).isEqualTo(at("192.0.2.1", 50_000));
        refuses(binary(0x21, 0x11, FOUR, bytes(4, 0)), "TLV");
        refuses(binary(0x21, 0x11, FOUR, bytes(4, 0, 1)), "TLV");
        refuses(binary(0x21, 0x11, FOUR, bytes(4, 0xFF, 0xFF)), "TLV");
        byte[] large = new byte[ProxyHeader.LONGEST_PAYLOAD - FOUR.length];
        large[1] = (byte) (large.length - 3 >> 8);
        large[2] = (byte) (large.length - 3);
        assertThat(read(binary(0x21, 0x11, FOUR, large)).source()).isEqualTo(at("192.0.2.1", 50_000));
    }

    @Test
    void aBalancersOwnConnectionHasNoAddresses() throws Exception {
        ProxyHeader nobody = new ProxyHeader(null, null);
        assertThat(read(binary(0x20, 0x00))).isEqualTo(nobody);
        assertThat(read(binary(0x20, 0x11, FOUR))).isEqualTo(nobody);
        assertThat(read(binary(0x20, 0x7F, bytes(1, 2, 3)))).isEqualTo(nobody);
        assertThat(read(binary(0x21, 0x00, bytes(1, 2, 3)))).isEqualTo(nobody);
    }

    @Test
    void otherBinaryHeadersAreRefused() {
        refuses(binary(0x11, 0x11, FOUR), "version and command 0x11");
        refuses(binary(0x22, 0x11, FOUR), "version and command 0x22");
        refuses(binary(0x21, 0x12, FOUR), "0x12");
        refuses(binary(0x21, 0x41, FOUR), "0x41");
        refuses(binary(0x21, 0x11, bytes(1, 2, 3)), "3 bytes of addresses (expected: 12)");
        refuses(binary(0x21, 0x21, FOUR), "12 bytes of addresses (expected: 36)");
        refuses(binary(0x21, 0x31, FOUR), "12 bytes of addresses (expected: 216)");
        byte[] header = Arrays.copyOf(SIGNATURE, 16);
        header[12] = 0x21;
        header[13] = 0x11;
        header[14] = 4;
        header[15] = 1;
        refuses(header, "1025 bytes to follow (expected: at most 1024)"); // before they have come
        byte[] broken = Arrays.copyOf(SIGNATURE, 12);
        broken[11] = 'X';
        refuses(broken, "byte 11");
    }
}
