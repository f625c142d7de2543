package dev.lawu.examples.gateway.config;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads where the gateway listens. Stateless. */
final class ListenerReader {
    private static final String LISTENERS = "a list of listeners such as [{ address: \"127.0.0.1:8080\" }]";

    private ListenerReader() {}

    static List<InetSocketAddress> read(ConfigSection root) {
        ConfigValue value = root.required("listeners", LISTENERS);
        List<InetSocketAddress> addresses = new ArrayList<>();
        if (value == null) {
            return addresses;
        }
        for (ConfigValue element : value.nonEmptyList(LISTENERS)) {
            ConfigSection section = element.section("a listener such as { address: \"127.0.0.1:8080\" }");
            if (section == null) {
                continue;
            }
            ConfigValue address = section.required("address", "HOST:PORT, such as 127.0.0.1:8080");
            if (address != null) {
                add(address, addresses);
            }
            ConfigValue protocols = section.optional("protocols");
            if (protocols == null) {
                section.byDefault("protocols", List.of(), List.of("http/1.1"));
            } else {
                protocols.nonEmptyList("[http/1.1]").forEach(Protocol::read);
            }
            section.notBuilt("tls", "a listener without TLS; end TLS in front of the gateway");
            section.end();
        }
        return addresses;
    }

    private static void add(ConfigValue address, List<InetSocketAddress> addresses) {
        @Nullable InetSocketAddress parsed = ListenAddress.read(address);
        if (parsed != null && parsed.getPort() != 0 && addresses.contains(parsed)) {
            address.problem("the address again", "each address once");
        } else if (parsed != null) {
            addresses.add(parsed);
        }
    }
}
