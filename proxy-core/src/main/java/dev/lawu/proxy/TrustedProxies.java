package dev.lawu.proxy;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;

/** Networks whose hosts are believed when they say for whom they forward. Immutable. */
public final class TrustedProxies {
    /** Trusts nobody. */
    public static final TrustedProxies NONE = new TrustedProxies(List.of());

    @SuppressWarnings("ArrayRecordComponent") // private, and never compared
    private record Network(byte[] address, int prefix) {
        boolean contains(byte[] other) {
            if (other.length != address.length) {
                return false;
            }
            int whole = prefix / 8;
            for (int i = 0; i < whole; i++) {
                if (other[i] != address[i]) {
                    return false;
                }
            }
            int rest = prefix % 8;
            return rest == 0 || ((other[whole] ^ address[whole]) & 0xFF) >>> (8 - rest) == 0;
        }
    }

    private final List<Network> networks;

    private TrustedProxies(List<Network> networks) {
        this.networks = networks;
    }

    /**
     * Trusts these networks.
     *
     * @param networks addresses, all their parts written out, or CIDR blocks: {@code 10.0.0.0/8}, {@code ::1}; never names
     * @throws IllegalArgumentException if one is neither
     */
    public static TrustedProxies of(String... networks) {
        List<Network> parsed = new ArrayList<>();
        for (String network : networks) {
            parsed.add(parse(network));
        }
        return parsed.isEmpty() ? NONE : new TrustedProxies(List.copyOf(parsed));
    }

    private static Network parse(String text) {
        int slash = text.indexOf('/');
        String host = slash < 0 ? text : text.substring(0, slash);
        try {
            // Neither InetAddress.getByName, which reads "10" as 0.0.0.10 and asks a name server about what is no
            // address,
            // nor what only looks like a network: "010.0.0.1" is octal for some, a zone or brackets mean one host.
            byte[] literal = NetUtil.createByteArrayFromIpAddressString(host);
            if (literal == null || host.indexOf('[') >= 0 || host.indexOf('%') >= 0) {
                throw new UnknownHostException(host);
            }
            InetAddress parsed = InetAddress.getByAddress(literal);
            if (literal.length == 4 && !parsed.getHostAddress().equals(host)) {
                throw new UnknownHostException(host);
            }
            byte[] address = parsed.getAddress(); // of IPv4 also if it was written as ::ffff:1.2.3.4
            int prefix = slash < 0 ? address.length * 8 : prefix(text.substring(slash + 1));
            if (prefix > address.length * 8) {
                throw new NumberFormatException();
            }
            return new Network(address, prefix);
        } catch (UnknownHostException | NumberFormatException e) {
            throw new IllegalArgumentException(
                    "trusted proxy: \"" + text + "\" (expected: an address or a CIDR block such as 10.0.0.0/8)", e);
        }
    }

    private static int prefix(String digits) {
        if (digits.isEmpty() || digits.length() > 3 || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw new NumberFormatException();
        }
        return Integer.parseInt(digits);
    }

    /** True if this address is in one of the networks. */
    public boolean contains(InetAddress address) {
        if (networks.isEmpty()) {
            return false;
        }
        byte[] bytes = address.getAddress();
        for (Network network : networks) {
            if (network.contains(bytes)) {
                return true;
            }
        }
        return false;
    }

    /** True if nobody is trusted. */
    public boolean isEmpty() {
        return networks.isEmpty();
    }
}
