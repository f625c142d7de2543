package dev.lawu.proxy.internal.transport;

import dev.lawu.proxy.upstream.NameOptions;
import dev.lawu.proxy.upstream.NameResolver;
import dev.lawu.proxy.upstream.ResolvedAddresses;
import io.netty.channel.EventLoop;
import io.netty.resolver.DefaultHostsFileEntriesResolver;
import io.netty.resolver.ResolvedAddressTypes;
import io.netty.resolver.dns.DnsServerAddressStreamProviders;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Asks the hosts file, then DNS, for one event loop, and keeps nothing: {@link NameCache} does. Its clients are made when the first name is asked for.
 *
 * <p>IPv4 and IPv6 addresses are asked for at the same time. When one family's have come, the other's are waited for a little longer only (RFC 8305, section 3, which would connect meanwhile): some
 * name servers never answer for AAAA.
 */
public final class DnsLookup implements NameResolver, AutoCloseable {
    private static final long OTHER_FAMILY_MILLIS = 250;
    /** An answer without one of the families is soon asked for again. */
    private static final Duration PARTIAL = Duration.ofSeconds(10);

    private static final Duration HOSTS_FILE = Duration.ofMinutes(5);
    private static final DefaultHostsFileEntriesResolver HOSTS = new DefaultHostsFileEntriesResolver();

    private final SocketTransport transport;
    private final EventLoop loop;
    private final NameOptions options;
    private final ResolvedAddressTypes types;
    /* On the loop only. */
    private @Nullable DnsFamily first;
    private @Nullable DnsFamily second;
    private boolean closed;

    /** Asks for what this machine can reach. */
    public DnsLookup(SocketTransport transport, EventLoop loop, NameOptions options) {
        this(transport, loop, options, DnsFamily.defaultTypes());
    }

    DnsLookup(SocketTransport transport, EventLoop loop, NameOptions options, ResolvedAddressTypes types) {
        this.transport = transport;
        this.loop = loop;
        this.options = options;
        this.types = types;
        DnsServerAddressStreamProviders.platformDefault(); // reads a file, which no event loop should
    }

    @Override
    public CompletionStage<ResolvedAddresses> resolve(String host) {
        List<InetAddress> listed = HOSTS.addresses(host, types);
        if (listed != null && !listed.isEmpty()) {
            return CompletableFuture.completedFuture(
                    ResolvedAddresses.of(listed).withTimeToLive(HOSTS_FILE));
        }
        Question question = new Question(host);
        if (loop.inEventLoop()) {
            question.ask();
        } else {
            loop.execute(question::ask);
        }
        return question.result;
    }

    private void open() {
        if (first == null) {
            boolean six = types == ResolvedAddressTypes.IPV6_ONLY || types == ResolvedAddressTypes.IPV6_PREFERRED;
            boolean both = types == ResolvedAddressTypes.IPV4_PREFERRED || types == ResolvedAddressTypes.IPV6_PREFERRED;
            first = new DnsFamily(transport, loop, options, six);
            second = both ? new DnsFamily(transport, loop, options, !six) : null;
        }
    }

    @Override
    public void close() {
        loop.execute(() -> {
            closed = true;
            if (first != null) {
                first.close();
            }
            if (second != null) {
                second.close();
            }
        });
    }

    /** One name being asked for. On the loop. */
    private final class Question {
        private final String host;
        final CompletableFuture<ResolvedAddresses> result = new CompletableFuture<>();
        private DnsFamily.@Nullable Answer preferred;
        private DnsFamily.@Nullable Answer other;

        Question(String host) {
            this.host = host;
        }

        void ask() {
            if (closed) {
                result.completeExceptionally(new IllegalStateException(host + ": the server is closed"));
                return;
            }
            open();
            DnsFamily more = second;
            Objects.requireNonNull(first).ask(host, answer -> {
                preferred = answer;
                answered(more == null);
            });
            if (more != null) {
                more.ask(host, answer -> {
                    other = answer;
                    answered(false);
                });
            }
        }

        private void answered(boolean alone) {
            DnsFamily.Answer a = preferred;
            DnsFamily.Answer b = other;
            if (alone || a != null && b != null) {
                complete();
            } else if (a != null && a.isFound() || b != null && b.isFound()) {
                loop.schedule(this::complete, OTHER_FAMILY_MILLIS, TimeUnit.MILLISECONDS);
            }
        }

        private void complete() {
            if (result.isDone()) {
                return;
            }
            List<InetAddress> all = new ArrayList<>();
            Duration ttl = second == null || isKnown(preferred) && isKnown(other) ? Duration.ofDays(1) : PARTIAL;
            for (DnsFamily.@Nullable Answer answer : new DnsFamily.@Nullable Answer[] {preferred, other}) {
                if (answer != null && answer.isFound()) {
                    all.addAll(answer.addresses());
                    ttl = answer.timeToLive().compareTo(ttl) < 0 ? answer.timeToLive() : ttl;
                }
            }
            if (!all.isEmpty()) {
                // A time to live of 0 is for those who ask just now (RFC 1035, section 3.2.1); the cache rounds it up.
                result.complete(ResolvedAddresses.of(all).withTimeToLive(ttl.isZero() ? Duration.ofNanos(1) : ttl));
                return;
            }
            // That a name has no address is known only if that is so for each family.
            Throwable failure = preferred == null ? null : preferred.failure();
            if (isKnown(preferred) && !isKnown(other) && other != null) {
                failure = other.failure();
            }
            result.completeExceptionally(Objects.requireNonNull(failure));
        }

        private boolean isKnown(DnsFamily.@Nullable Answer answer) {
            return answer != null && answer.isKnown();
        }
    }
}
