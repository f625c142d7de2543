package dev.lawu.proxy.upstream;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Finds the addresses of a name. Called on event loops: it must not block. Thread-safe.
 *
 * <p>Of concurrent calls for one name the server makes one, and it keeps an answer for its {@linkplain ResolvedAddresses#timeToLive() time to live}, within the bounds of {@link NameOptions}. It never
 * asks for an address in its literal form.
 */
@FunctionalInterface
public interface NameResolver {
    /**
     * The addresses in the order in which they should be tried; completed on any thread.
     *
     * <p>A failure that is an {@link UnknownHostException} says that the name does not exist or has no address. Every other one says that this could not be found out; then the last good answer may
     * go on to be used. A stage that is not completed is given up after 5 s.
     */
    CompletionStage<ResolvedAddresses> resolve(String host);

    /** A resolver that knows these names (in any case) and no others. The map is copied; an empty list is a name without addresses. */
    static NameResolver of(Map<String, List<InetAddress>> names) {
        Map<String, ResolvedAddresses> known = new HashMap<>();
        names.forEach((name, addresses) -> {
            if (!addresses.isEmpty()) {
                known.put(name.toLowerCase(Locale.ROOT), ResolvedAddresses.of(addresses));
            }
        });
        return host -> {
            ResolvedAddresses found = known.get(host.toLowerCase(Locale.ROOT));
            return found == null
                    ? CompletableFuture.failedFuture(new UnknownHostException(host + ": not one of the known names"))
                    : CompletableFuture.completedFuture(found);
        };
    }
}
