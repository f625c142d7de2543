package dev.lawu.proxy.upstream;

import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** Finds the addresses of a name. Called on event loops: it must not block. Thread-safe. */
@FunctionalInterface
public interface NameResolver {
    /** The addresses in the order in which they should be tried, at least one; completed on any thread, or failed with the reason. */
    CompletionStage<List<InetAddress>> resolve(String host);
}
