package dev.lawu.examples.gateway.route;

import dev.lawu.proxy.TrustedProxies;
import dev.lawu.proxy.http.RequestHead;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What a route asks beside host and path. Immutable; the same conditions are equal. */
public sealed interface Condition {
    /** True if the request is as asked for. */
    boolean matches(RequestView view);

    /** One of these methods, in this case. */
    record Method(Set<String> names) implements Condition {
        public Method {
            names = Set.copyOf(names);
        }

        @Override
        public boolean matches(RequestView view) {
            return names.contains(view.request().method());
        }

        @Override
        public String toString() {
            return "method " + String.join(" or ", new TreeSet<>(names));
        }
    }

    /** A field, one of its lines. */
    record Header(String name, TextMatch value) implements Condition {
        public Header {
            name = name.toLowerCase(Locale.ROOT);
        }

        @Override
        public boolean matches(RequestView view) {
            return value.matchesAny(view.request().headers().getAll(name));
        }

        @Override
        public String toString() {
            return "header " + name + " " + value;
        }
    }

    /** A query parameter, one of its values; name and value are decoded as forms are. */
    record Query(String name, TextMatch value) implements Condition {
        @Override
        public boolean matches(RequestView view) {
            return value.matchesAny(QueryParameters.values(view.request().query(), name));
        }

        @Override
        public String toString() {
            return "query " + name + " " + value;
        }
    }

    /** A cookie. */
    record Cookie(String name, TextMatch value) implements Condition {
        @Override
        public boolean matches(RequestView view) {
            return value.matchesAny(values(view.request(), name));
        }

        /** The values of the cookies of this name (RFC 6265, section 4.2.1), without quotes around them. */
        public static List<String> values(RequestHead request, String name) {
            List<String> values = new ArrayList<>(1);
            for (String line : request.headers().getAll("Cookie")) {
                int from = 0;
                while (from <= line.length()) {
                    int end = line.indexOf(';', from);
                    end = end < 0 ? line.length() : end;
                    int equals = line.indexOf('=', from);
                    if (equals >= 0
                            && equals < end
                            && line.substring(from, equals).trim().equals(name)) {
                        String value = line.substring(equals + 1, end).trim();
                        boolean isQuoted = value.length() > 1 && value.startsWith("\"") && value.endsWith("\"");
                        values.add(isQuoted ? value.substring(1, value.length() - 1) : value);
                    }
                    from = end + 1;
                }
            }
            return values;
        }

        @Override
        public String toString() {
            return "cookie " + name + " " + value;
        }
    }

    /** How the request came: {@code http} or {@code https}. */
    record Scheme(String name) implements Condition {
        @Override
        public boolean matches(RequestView view) {
            return view.scheme().equals(name);
        }

        @Override
        public String toString() {
            return "scheme " + name;
        }
    }

    /** The client's address, in one of these networks. */
    final class Client implements Condition {
        private final Set<String> names;
        private final TrustedProxies networks; // which reads networks; nobody is trusted for it

        /** Throws {@link IllegalArgumentException} if one is neither an address nor a CIDR block. */
        public Client(List<String> networks) {
            this.names = new TreeSet<>(networks);
            this.networks = TrustedProxies.of(networks.toArray(new String[0]));
        }

        @Override
        public boolean matches(RequestView view) {
            InetSocketAddress client = view.clientAddress();
            return client != null && client.getAddress() != null && networks.contains(client.getAddress());
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Client client && names.equals(client.names);
        }

        @Override
        public int hashCode() {
            return names.hashCode();
        }

        @Override
        public String toString() {
            return "client " + String.join(" or ", names);
        }
    }
}
