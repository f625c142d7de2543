package dev.lawu.proxy.internal.transport;

import dev.lawu.proxy.upstream.NameOptions;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.resolver.ResolvedAddressTypes;
import io.netty.resolver.dns.DnsCache;
import io.netty.resolver.dns.DnsCacheEntry;
import io.netty.resolver.dns.DnsErrorCauseException;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.resolver.dns.NoopAuthoritativeDnsServerCache;
import io.netty.resolver.dns.NoopDnsCnameCache;
import io.netty.resolver.dns.SequentialDnsServerAddressStreamProvider;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Asks DNS for the addresses of one family. Confined to its loop.
 *
 * <p>Netty's resolver gives addresses without their time to live, which only its cache is told. So what is plugged in as the cache here remembers the times of those addresses, by the object, that a
 * lookup is about to give.
 */
final class DnsFamily implements AutoCloseable {
    private static final int TRIES = 2;

    private final DnsNameResolver resolver;
    private final Times times = new Times();

    /** What DNS says: addresses, that there are none, or nothing. */
    record Answer(
            List<InetAddress> addresses,
            Duration timeToLive,
            @Nullable Throwable failure) {
        boolean isFound() {
            return !addresses.isEmpty();
        }

        /** True if a name server has answered, even if it was that there are none. */
        boolean isKnown() {
            return failure == null || failure instanceof UnknownHostException;
        }
    }

    DnsFamily(SocketTransport transport, EventLoop loop, NameOptions options, boolean six) {
        DnsNameResolverBuilder builder = new DnsNameResolverBuilder(loop)
                .datagramChannelType(transport.datagramType())
                .socketChannelType(transport.socketType(), true)
                .resolvedAddressTypes(six ? ResolvedAddressTypes.IPV6_ONLY : ResolvedAddressTypes.IPV4_ONLY)
                .hostsFileEntriesResolver((name, types) -> null)
                .queryTimeoutMillis(options.queryTimeout().toMillis())
                .resolveCache(times)
                .cnameCache(NoopDnsCnameCache.INSTANCE)
                .authoritativeDnsServerCache(NoopAuthoritativeDnsServerCache.INSTANCE);
        if (!options.servers().isEmpty()) {
            builder.nameServerProvider(new SequentialDnsServerAddressStreamProvider(options.servers()));
        }
        resolver = builder.build();
    }

    /** What this machine can reach, in the JVM's order. */
    static ResolvedAddressTypes defaultTypes() {
        if (NetUtil.isIpV4StackPreferred() || !hasIpv6()) {
            return ResolvedAddressTypes.IPV4_ONLY;
        }
        return NetUtil.isIpV6AddressesPreferred()
                ? ResolvedAddressTypes.IPV6_PREFERRED
                : ResolvedAddressTypes.IPV4_PREFERRED;
    }

    private static boolean hasIpv6() {
        try {
            return NetworkInterface.networkInterfaces()
                    .flatMap(NetworkInterface::inetAddresses)
                    .anyMatch(address -> address instanceof Inet6Address
                            && !address.isLoopbackAddress()
                            && !address.isLinkLocalAddress());
        } catch (SocketException e) {
            return false;
        }
    }

    void ask(String host, Consumer<Answer> told) {
        ask(host, 1, told);
    }

    private void ask(String host, int number, Consumer<Answer> told) {
        times.begun();
        Future<List<InetAddress>> asked = resolver.resolveAll(host);
        asked.addListener(done -> {
            if (done.isSuccess()) {
                List<InetAddress> addresses = asked.getNow();
                told.accept(new Answer(addresses, times.ended(addresses), null));
                return;
            }
            times.ended(List.of());
            Throwable failure = explain(host, done.cause());
            if (number < TRIES && !(failure instanceof UnknownHostException)) {
                ask(host, number + 1, told); // a datagram may get lost
            } else {
                told.accept(new Answer(List.of(), Duration.ZERO, failure));
            }
        });
    }

    /** An {@link UnknownHostException} only if a name server has said so. */
    private static Throwable explain(String host, @Nullable Throwable cause) {
        Throwable deepest = Objects.requireNonNullElseGet(cause, () -> new IOException("no answer"));
        for (int depth = 0; depth < 8 && deepest.getCause() != null; depth++) {
            deepest = deepest.getCause();
        }
        boolean none = deepest instanceof UnknownHostException
                || deepest instanceof DnsErrorCauseException error
                        && error.getCode().equals(DnsResponseCode.NXDOMAIN);
        String text = Objects.requireNonNullElse(deepest.getMessage(), deepest.toString());
        if (none) {
            return new UnknownHostException(host + ": the name has no address (" + text + ")");
        }
        return new IOException(host + ": no answer from a name server (" + text + ")", deepest);
    }

    @Override
    public void close() {
        resolver.close();
    }

    /** Remembers times to live while lookups run, and answers nothing. */
    private static final class Times implements DnsCache {
        private static final long LONGEST = Duration.ofDays(1).toSeconds();
        private final IdentityHashMap<InetAddress, Long> seconds = new IdentityHashMap<>();
        private int running;

        void begun() {
            running++;
        }

        /** The shortest of these addresses' times. */
        Duration ended(List<InetAddress> addresses) {
            long least = LONGEST;
            for (InetAddress address : addresses) {
                least = Math.min(least, seconds.getOrDefault(address, 0L));
            }
            if (--running == 0) {
                seconds.clear();
            }
            return Duration.ofSeconds(least);
        }

        @Override
        public DnsCacheEntry cache(
                String hostname, DnsRecord @Nullable [] additionals, InetAddress address, long ttl, EventLoop loop) {
            seconds.put(address, ttl);
            return new Kept(address, null);
        }

        @Override
        public DnsCacheEntry cache(
                String hostname, DnsRecord @Nullable [] additionals, Throwable cause, EventLoop loop) {
            return new Kept(null, cause);
        }

        @Override
        public @Nullable List<? extends DnsCacheEntry> get(String hostname, DnsRecord @Nullable [] additionals) {
            return null;
        }

        @Override
        public void clear() {
            seconds.clear();
        }

        @Override
        public boolean clear(String hostname) {
            return false;
        }
    }

    /** What the cache's contract asks for, and nobody looks at. */
    private record Kept(
            @Nullable InetAddress address, @Nullable Throwable cause) implements DnsCacheEntry {}
}
