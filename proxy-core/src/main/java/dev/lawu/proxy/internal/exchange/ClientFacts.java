package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.ProxyOptions.ForwardingFields;
import dev.lawu.proxy.TrustedProxies;
import dev.lawu.proxy.http.FieldName;
import dev.lawu.proxy.http.FieldSection;
import dev.lawu.proxy.http.FieldSyntax;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.spi.ConnectionInfo;
import io.netty.util.NetUtil;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who the client of a connection is, and how that is told to upstreams. Made once for a connection.
 *
 * <p>What a request says in {@code X-Forwarded-*} and {@code Forwarded} counts only if the connection comes from a trusted proxy; then the client is the last address in the list that is not a
 * trusted proxy's itself.
 */
final class ClientFacts {
    private final @Nullable InetSocketAddress remote;
    private final @Nullable SocketAddress local;
    private final boolean trusted;
    private final String scheme;
    private final TrustedProxies proxies;
    /** The address as {@code X-Forwarded-For} has it. */
    private final String address;
    /** The address as {@code Forwarded} has it: an IPv6 address in brackets and quotes. */
    private final String forwardedElement;
    /* A client asks the same host again and again. */
    private @Nullable String lastHost;
    private @Nullable String lastElement;

    private ClientFacts(ConnectionInfo connection, TrustedProxies proxies) {
        this.proxies = proxies;
        this.remote = connection.remoteAddress() instanceof InetSocketAddress inet ? inet : null;
        this.local = connection.localAddress();
        this.trusted = remote != null && remote.getAddress() != null && proxies.contains(remote.getAddress());
        this.scheme = connection.isSecure() ? "https" : "http";
        if (remote == null || remote.getAddress() == null) {
            address = "unknown";
            forwardedElement = "for=unknown";
        } else {
            InetAddress ip = remote.getAddress();
            String text = ip.getHostAddress();
            int zone = text.indexOf('%');
            address = zone < 0 ? text : text.substring(0, zone);
            forwardedElement = ip instanceof Inet6Address ? "for=\"[" + address + "]\"" : "for=" + address;
        }
    }

    static ClientFacts of(ConnectionInfo connection, TrustedProxies proxies) {
        if (connection.attachment() instanceof ClientFacts known) {
            return known;
        }
        ClientFacts facts = new ClientFacts(connection, proxies);
        connection.attach(facts);
        return facts;
    }

    /** The scheme that the client uses. */
    String scheme(RequestHead request) {
        if (trusted) {
            String told = request.headers().get(FieldName.X_FORWARDED_PROTO);
            if ("https".equalsIgnoreCase(told)) {
                return "https";
            }
            if ("http".equalsIgnoreCase(told)) {
                return "http";
            }
        }
        return scheme;
    }

    /** The client's address. */
    @Nullable
    InetSocketAddress clientAddress(RequestHead request) {
        InetSocketAddress client = remote;
        if (!trusted) {
            return client;
        }
        List<String> lines = request.headers().getAll("X-Forwarded-For");
        for (int line = lines.size() - 1; line >= 0; line--) {
            String[] hops = lines.get(line).split(",", -1);
            for (int hop = hops.length - 1; hop >= 0; hop--) {
                InetAddress told = literal(hops[hop].strip());
                if (told == null) {
                    return client; // nothing in front of what cannot be read is believed
                }
                client = new InetSocketAddress(told, 0);
                if (!proxies.contains(told)) {
                    return client;
                }
            }
        }
        return client;
    }

    /** This process's end of the client's connection. */
    @Nullable
    SocketAddress localAddress() {
        return local;
    }

    private static @Nullable InetAddress literal(String text) {
        String host = text;
        if (host.startsWith("[")) {
            int end = host.indexOf(']');
            host = end < 0 ? "" : host.substring(1, end);
        } else if (host.indexOf('.') >= 0 && host.indexOf(':') >= 0) {
            host = host.substring(0, host.indexOf(':'));
        }
        // Not InetAddress.getByName: it asks a name server, here on the event loop, for what only looks like an
        // address.
        byte[] address = NetUtil.createByteArrayFromIpAddressString(host);
        try {
            return address == null ? null : InetAddress.getByAddress(address);
        } catch (UnknownHostException e) {
            throw new AssertionError(e); // it has 4 or 16 bytes
        }
    }

    /** Adds what is told about the client to the copy that goes upstream. */
    void addTo(RequestHead head, ForwardingFields fields) {
        FieldSection section = head.headers().section();
        boolean legacy = fields == ForwardingFields.BOTH || fields == ForwardingFields.X_FORWARDED;
        boolean standard = fields == ForwardingFields.BOTH || fields == ForwardingFields.FORWARDED;
        String host = legacy || standard ? host(section) : null;
        String before = legacy && trusted ? joined(head.headers(), FieldName.X_FORWARDED_FOR) : null;
        String forwarded = standard && trusted ? joined(head.headers(), FieldName.FORWARDED) : null;
        boolean keepProto = legacy && trusted && section.find(FieldName.X_FORWARDED_PROTO, 0) >= 0;
        boolean keepHost = legacy && trusted && section.find(FieldName.X_FORWARDED_HOST, 0) >= 0;
        section.removeAll(FieldName.X_FORWARDED_FOR);
        section.removeAll(FieldName.FORWARDED);
        if (!keepProto) {
            section.removeAll(FieldName.X_FORWARDED_PROTO);
        }
        if (!keepHost) {
            section.removeAll(FieldName.X_FORWARDED_HOST);
        }
        if (legacy) {
            section.append(FieldName.X_FORWARDED_FOR, before == null ? address : before + ", " + address);
            if (!keepProto) {
                section.append(FieldName.X_FORWARDED_PROTO, scheme);
            }
            if (!keepHost && host != null) {
                section.append(FieldName.X_FORWARDED_HOST, host);
            }
        }
        if (standard) {
            String element = element(host);
            section.append(FieldName.FORWARDED, forwarded == null ? element : forwarded + ", " + element);
        }
    }

    /** The value of {@code Host}; the same string as for the connection's last request if it is the same. */
    private @Nullable String host(FieldSection section) {
        int i = section.find(FieldName.HOST, 0);
        if (i < 0) {
            return null;
        }
        String last = lastHost;
        if (last != null && section.hasValue(i, last)) {
            return last;
        }
        String host = section.value(i);
        lastHost = host;
        lastElement = null;
        return host;
    }

    private String element(@Nullable String host) {
        if (host == null) {
            return forwardedElement + ";proto=" + scheme;
        }
        String element = lastElement;
        if (element == null) {
            element = forwardedElement + ";host=" + quoted(host) + ";proto=" + scheme;
            lastElement = element;
        }
        return element;
    }

    /** As a value of {@code Forwarded}: whatever is not a token could end the element, or begin another (a host may contain ';', ',' and '='). */
    private static String quoted(String host) {
        return FieldSyntax.isToken(host)
                ? host
                : "\"" + host.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }

    private static @Nullable String joined(Headers headers, FieldName name) {
        if (!headers.contains(name)) {
            return null;
        }
        return String.join(", ", headers.getAll(name.toString()));
    }
}
