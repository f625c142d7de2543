package dev.lawu.proxy.internal.transport;

import dev.lawu.proxy.upstream.NameResolver;
import io.netty.channel.EventLoop;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Resolves names by DNS without blocking, with the system's servers and hosts file; answers are cached for their TTL. Thread-safe. */
public final class DnsNames implements NameResolver, AutoCloseable {
    private static final int MOST_SECONDS = 300;
    private static final int NEGATIVE_SECONDS = 5;

    private final DnsNameResolver resolver;

    public DnsNames(SocketTransport transport, EventLoop loop) {
        resolver = new DnsNameResolverBuilder(loop)
                .datagramChannelType(transport.datagramType())
                .socketChannelType(transport.socketType(), true)
                .ttl(1, MOST_SECONDS)
                .negativeTtl(NEGATIVE_SECONDS)
                .build();
    }

    @Override
    public CompletionStage<List<InetAddress>> resolve(String host) {
        CompletableFuture<List<InetAddress>> result = new CompletableFuture<>();
        resolver.resolveAll(host).addListener(done -> {
            if (done.isSuccess()) {
                @SuppressWarnings("unchecked") // what resolveAll gives
                List<InetAddress> addresses = (List<InetAddress>) done.getNow();
                result.complete(addresses);
            } else {
                result.completeExceptionally(done.cause());
            }
        });
        return result;
    }

    @Override
    public void close() {
        resolver.close();
    }
}
