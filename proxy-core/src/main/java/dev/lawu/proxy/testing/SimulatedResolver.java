package dev.lawu.proxy.testing;

import dev.lawu.proxy.upstream.NameResolver;
import dev.lawu.proxy.upstream.ResolvedAddresses;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/** Knows the names that the test gave it. Its answers come outside of every event loop, as a DNS client's may. */
final class SimulatedResolver implements NameResolver {
    private final Executor executor;
    private final Map<String, List<InetAddress>> names = new ConcurrentHashMap<>();

    SimulatedResolver(Executor executor) {
        this.executor = executor;
    }

    void add(String name, InetAddress address) {
        names.computeIfAbsent(name.toLowerCase(Locale.ROOT), key -> new ArrayList<>())
                .add(address);
    }

    @Override
    public CompletionStage<ResolvedAddresses> resolve(String host) {
        if (NetUtil.createByteArrayFromIpAddressString(host) != null) {
            return CompletableFuture.completedFuture(ResolvedAddresses.of(SimulatedNetwork.address(host)));
        }
        return CompletableFuture.supplyAsync(() -> host, executor).thenCompose(this::lookUp);
    }

    private CompletionStage<ResolvedAddresses> lookUp(String host) {
        List<InetAddress> addresses = names.get(host.toLowerCase(Locale.ROOT));
        return addresses == null
                ? CompletableFuture.failedFuture(new UnknownHostException(host))
                : CompletableFuture.completedFuture(ResolvedAddresses.of(addresses));
    }
}
