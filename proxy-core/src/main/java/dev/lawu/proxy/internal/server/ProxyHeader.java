package dev.lawu.proxy.internal.server;

import io.netty.buffer.ByteBuf;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import org.jspecify.annotations.Nullable;

/**
 * The PROXY protocol's header, version 1 or 2, as a proxy sends it in front of everything else.
 *
 * @param source the client's address; null if the header has none (LOCAL, UNKNOWN, UNSPEC): the connection's own holds
 * @param destination the address that the client connected to; null in the same cases
 */
record ProxyHeader(@Nullable SocketAddress source, @Nullable SocketAddress destination) {
    /** The longest header of version 1, with its CRLF. */
    static final int LONGEST_LINE = 107;

    /** The most that follows the first 16 bytes of version 2: addresses and TLVs. */
    static final int LONGEST_PAYLOAD = 1024;

    private static final byte[] LINE_START = "PROXY ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] SIGNATURE = {'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};
    private static final int FIXED = 16;
    private static final int UNIX_PATH = 108;
    private static final ProxyHeader NO_ADDRESSES = new ProxyHeader(null, null);

    /** What came is not a header. */
    static final class Malformed extends Exception {
        Malformed(String message) {
            super(message, null, false, false);
        }
    }

    /**
     * Reads a header from the beginning of the buffer, and leaves the buffer behind it.
     *
     * @return null if it is not complete yet; the buffer is as it was, and has less than {@link #LONGEST_LINE} or 16 + {@link #LONGEST_PAYLOAD} bytes
     */
    static @Nullable ProxyHeader read(ByteBuf in) throws Malformed {
        if (!in.isReadable()) {
            return null;
        }
        boolean line = in.getByte(in.readerIndex()) == LINE_START[0];
        byte[] start = line ? LINE_START : SIGNATURE;
        int compared = Math.min(start.length, in.readableBytes());
        for (int i = 0; i < compared; i++) {
            if (in.getByte(in.readerIndex() + i) != start[i]) {
                throw new Malformed("byte " + i + " does not belong to a PROXY header (expected: \"PROXY \", or the"
                        + " signature of version 2)");
            }
        }
        if (compared < start.length) {
            return null;
        }
        return line ? readLine(in) : readBinary(in);
    }

    // ---- version 1

    private static @Nullable ProxyHeader readLine(ByteBuf in) throws Malformed {
        int most = Math.min(in.readableBytes(), LONGEST_LINE);
        int end = in.indexOf(in.readerIndex(), in.readerIndex() + most, (byte) '\n');
        if (end < 0) {
            if (most == LONGEST_LINE) {
                throw new Malformed("a PROXY line without its end in " + LONGEST_LINE + " bytes");
            }
            return null;
        }
        int length = end - in.readerIndex();
        String line = in.toString(in.readerIndex(), length, StandardCharsets.ISO_8859_1);
        if (!line.endsWith("\r")) {
            throw new Malformed("a PROXY line that ends with LF alone (expected: CRLF)");
        }
        String[] words = line.substring(0, length - 1).split(" ", -1);
        in.skipBytes(length + 1);
        if (words[1].equals("UNKNOWN")) {
            return NO_ADDRESSES;
        }
        boolean six = words[1].equals("TCP6");
        if (!six && !words[1].equals("TCP4")) {
            throw new Malformed("PROXY " + printable(words[1]) + " (expected: TCP4, TCP6 or UNKNOWN)");
        }
        if (words.length != 6) {
            throw new Malformed("a PROXY line of " + words.length + " words (expected: 6)");
        }
        return new ProxyHeader(
                new InetSocketAddress(address(words[2], six), port(words[4])),
                new InetSocketAddress(address(words[3], six), port(words[5])));
    }

    private static InetAddress address(String text, boolean six) throws Malformed {
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(text);
        boolean fits = bytes != null
                && (six
                        ? text.indexOf(':') >= 0 && text.indexOf('[') < 0 && text.indexOf('%') < 0
                        : text.indexOf(':') < 0);
        try {
            if (fits) {
                InetAddress address = InetAddress.getByAddress(bytes);
                if (six || address.getHostAddress().equals(text)) { // no zeros in front
                    return address;
                }
            }
        } catch (UnknownHostException e) {
            throw new AssertionError(e); // it has 4 or 16 bytes
        }
        throw new Malformed("address " + printable(text) + " (expected: an IPv" + (six ? 6 : 4) + " address)");
    }

    private static int port(String text) throws Malformed {
        int port = 0;
        boolean fits = !text.isEmpty() && text.length() <= 5 && (text.length() == 1 || text.charAt(0) != '0');
        for (int i = 0; fits && i < text.length(); i++) {
            fits = text.charAt(i) >= '0' && text.charAt(i) <= '9';
            port = port * 10 + text.charAt(i) - '0';
        }
        if (!fits || port > 65_535) {
            throw new Malformed("port " + printable(text) + " (expected: 0..65535)");
        }
        return port;
    }

    private static String printable(String text) {
        return "\"" + text.replaceAll("[^!-~]", "?") + "\"";
    }

    // ---- version 2

    private static @Nullable ProxyHeader readBinary(ByteBuf in) throws Malformed {
        if (in.readableBytes() < FIXED) {
            return null;
        }
        int start = in.readerIndex();
        int command = in.getUnsignedByte(start + 12);
        int family = in.getUnsignedByte(start + 13);
        int length = in.getUnsignedShort(start + 14);
        if (command != 0x20 && command != 0x21) {
            throw new Malformed("version and command 0x" + Integer.toHexString(command)
                    + " (expected: 0x20 for LOCAL or 0x21 for PROXY)");
        }
        if (length > LONGEST_PAYLOAD) {
            throw new Malformed(
                    "a PROXY header with " + length + " bytes to follow (expected: at most " + LONGEST_PAYLOAD + ")");
        }
        if (in.readableBytes() < FIXED + length) {
            return null;
        }
        ByteBuf payload = in.slice(start + FIXED, length);
        in.skipBytes(FIXED + length);
        if (command == 0x20) {
            return NO_ADDRESSES; // what follows is to be skipped
        }
        ProxyHeader header = switch (family) {
            case 0x00 -> {
                payload.skipBytes(length); // of a family that is not said: it cannot be told from TLVs
                yield NO_ADDRESSES;
            }
            case 0x11 -> internet(payload, 4);
            case 0x21 -> internet(payload, 16);
            case 0x31 -> unix(payload);
            default ->
                throw new Malformed("address family and transport 0x" + Integer.toHexString(family)
                        + " (expected: 0x11, 0x21 or 0x31, a stream over IPv4, IPv6 or a Unix-domain socket)");
        };
        skipTypedValues(payload);
        return header;
    }

    private static ProxyHeader internet(ByteBuf payload, int size) throws Malformed {
        require(payload, 2 * size + 4);
        byte[] source = new byte[size];
        byte[] destination = new byte[size];
        payload.readBytes(source).readBytes(destination);
        try {
            return new ProxyHeader(
                    new InetSocketAddress(InetAddress.getByAddress(source), payload.readUnsignedShort()),
                    new InetSocketAddress(InetAddress.getByAddress(destination), payload.readUnsignedShort()));
        } catch (UnknownHostException e) {
            throw new AssertionError(e); // it has 4 or 16 bytes
        }
    }

    private static ProxyHeader unix(ByteBuf payload) throws Malformed {
        require(payload, 2 * UNIX_PATH);
        return new ProxyHeader(path(payload), path(payload));
    }

    private static SocketAddress path(ByteBuf payload) throws Malformed {
        byte[] bytes = new byte[UNIX_PATH];
        payload.readBytes(bytes);
        int length = 0;
        while (length < UNIX_PATH && bytes[length] != 0) {
            length++; // an abstract name begins with a zero, and is nothing that a path could say
        }
        try {
            return UnixDomainSocketAddress.of(new String(bytes, 0, length, StandardCharsets.UTF_8));
        } catch (InvalidPathException e) {
            throw new Malformed("a Unix-domain address that is no path");
        }
    }

    private static void require(ByteBuf payload, int bytes) throws Malformed {
        if (payload.readableBytes() < bytes) {
            throw new Malformed(payload.readableBytes() + " bytes of addresses (expected: " + bytes + ")");
        }
    }

    /** They may say anything, but must fill what is left. */
    private static void skipTypedValues(ByteBuf payload) throws Malformed {
        while (payload.isReadable()) {
            int left = payload.readableBytes();
            if (left < 3 || left - 3 < payload.getUnsignedShort(payload.readerIndex() + 1)) {
                throw new Malformed("a TLV that is longer than the header");
            }
            payload.skipBytes(3 + payload.getUnsignedShort(payload.readerIndex() + 1));
        }
    }
}
