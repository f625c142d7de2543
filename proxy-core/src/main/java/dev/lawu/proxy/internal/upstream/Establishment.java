package dev.lawu.proxy.internal.upstream;

import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.internal.loop.Deadline;
import dev.lawu.proxy.upstream.ConnectProxy;
import dev.lawu.proxy.upstream.HttpPeer;
import dev.lawu.proxy.upstream.PeerOptions;
import dev.lawu.proxy.upstream.PoolKey;
import dev.lawu.proxy.upstream.ProxyProtocol;
import dev.lawu.proxy.upstream.ResolvedAddresses;
import io.netty.channel.Channel;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * How one connection is made, in ordered steps:
 *
 * <pre>
 *   resolve --addresses--&gt; dial ({@link AddressRace}) --channel--&gt; {@link Step}s, each on what the one before has made --&gt; established
 * </pre>
 *
 * <p>To resolve and to dial are under the peer's connect timeout; each later step has a deadline of its own. The first that fails, or is late, ends it with that step's error. Running it cancels: what
 * was begun is closed at once, and nobody is told.
 *
 * <p>Until it is established a channel is in the care of {@link Unattended}, with reading off, so that nothing that the other end does in between is lost. Confined to its loop.
 */
final class Establishment extends Deadline implements Runnable {
    /** Told how it ended, once. */
    interface Owner {
        /** The connection is ready to carry what the peer speaks. Whoever takes it adds the last handler and turns reading on. */
        void established(Channel channel);

        /** There is none. */
        void failed(ProxyException cause);
    }

    /** What is done to a channel that is connected, before it can be used. */
    interface Step {
        /** The nanoseconds that it may take. */
        long timeout();

        /** The error if it takes longer. */
        ProxyException late();

        /** Begins; {@link Establishment#done} or {@link Establishment#fail} follows, perhaps before this returns. */
        void start(Channel channel, Establishment to);
    }

    private final Dialer dialer;
    private final HttpPeer peer;
    private final PeerOptions options;
    private final Owner owner;
    private final Queue<Step> steps = new ArrayDeque<>(2);
    private @Nullable AddressRace race;
    private @Nullable Channel channel;
    private @Nullable Step step;
    private boolean over;

    Establishment(Dialer dialer, PoolKey key, Owner owner) {
        super(dialer.loop());
        this.dialer = dialer;
        this.peer = key.peer();
        this.options = peer.options();
        this.owner = owner;
        ConnectProxy proxy = options.proxy();
        if (proxy != null) {
            steps.add(new TunnelThroughProxy(proxy, peer, dialer));
        }
        if (options.proxyProtocol() != ProxyProtocol.NONE) {
            steps.add(new SendProxyHeader(key));
        }
    }

    void start() {
        set(options.connectTimeout().toNanos());
        String path = peer.path();
        if (path != null) {
            if (options.proxy() != null) {
                fail(ProxyException.internal(
                        ErrorType.CONNECT, peer + ": a Unix-domain socket behind a proxy (expected: HOST:PORT)", null));
                return;
            }
            dial(List.of(UnixDomainSocketAddress.of(path)));
            return;
        }
        byte[] literal = NetUtil.createByteArrayFromIpAddressString(dialedHost());
        if (literal == null) {
            resolve();
            return;
        }
        try {
            found(List.of(InetAddress.getByAddress(literal)));
        } catch (UnknownHostException e) {
            throw new AssertionError(e); // it has 4 or 16 bytes
        }
    }

    /** The host that is connected to: the peer's, or its proxy's. */
    private String dialedHost() {
        ConnectProxy proxy = options.proxy();
        return proxy == null ? peer.host() : proxy.host();
    }

    private int dialedPort() {
        ConnectProxy proxy = options.proxy();
        return proxy == null ? peer.port() : proxy.port();
    }

    /** The peer as messages name it. */
    private String dialed() {
        ConnectProxy proxy = options.proxy();
        return proxy == null ? peer.toString() : "the proxy " + proxy + " to " + peer;
    }

    // ---- resolving

    private void resolve() {
        CompletionStage<ResolvedAddresses> resolving = dialer.resolver().resolve(dialedHost());
        resolving.whenComplete((found, failure) -> {
            if (dialer.loop().loop().inEventLoop()) {
                resolved(found, failure);
            } else {
                dialer.loop().loop().execute(() -> resolved(found, failure));
            }
        });
    }

    private void resolved(@Nullable ResolvedAddresses found, @Nullable Throwable failure) {
        if (over) {
            return;
        }
        if (found != null) {
            found(found.addresses());
            return;
        }
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        fail(ProxyException.upstream(ErrorType.RESOLVE, dialedHost() + ": " + cause, cause));
    }

    private void found(List<InetAddress> addresses) {
        InetAddress source = options.sourceAddress();
        List<SocketAddress> usable = new ArrayList<>(addresses.size());
        for (InetAddress address : addresses) {
            if (source == null || source.getClass() == address.getClass()) {
                usable.add(new InetSocketAddress(address, dialedPort()));
            }
        }
        if (usable.isEmpty()) {
            fail(ProxyException.upstream(
                    ErrorType.CONNECT,
                    dialedHost() + " has the addresses " + text(addresses)
                            + ", none of the family of the source address " + NetUtil.toAddressString(source)
                            + " (expected: one)",
                    null));
            return;
        }
        dial(usable);
    }

    private static String text(List<InetAddress> addresses) {
        List<String> texts = new ArrayList<>();
        for (InetAddress address : addresses.subList(0, Math.min(addresses.size(), 4))) {
            texts.add(NetUtil.toAddressString(address));
        }
        return String.join(", ", texts) + (addresses.size() > texts.size() ? ", ..." : "");
    }

    // ---- dialing

    private void dial(List<SocketAddress> addresses) {
        AddressRace begun = new AddressRace(dialer, options, addresses, this);
        race = begun;
        begun.start();
    }

    /** An address was connected to. The channel is this one's from now on. */
    void dialed(Channel connected) {
        race = null;
        channel = connected;
        cancel();
        next();
    }

    // ---- the steps behind

    private void next() {
        Channel ready = channel;
        if (over || ready == null) {
            return;
        }
        Step following = steps.poll();
        step = following;
        if (following != null) {
            set(following.timeout());
            following.start(ready, this);
        } else if (!ready.isActive()) {
            fail(ProxyException.upstream(
                    ErrorType.CONNECT, dialed() + " closed the connection at once (expected: open)", null));
        } else {
            over = true;
            remove();
            ready.pipeline().remove(Unattended.class);
            owner.established(ready);
        }
    }

    /** A step has done its work. */
    void done(Step ended) {
        if (!over && ended == step) {
            cancel();
            next();
        }
    }

    // ---- the end

    @Override
    protected void expired() {
        Step late = step;
        fail(
                late != null
                        ? late.late()
                        : ProxyException.upstream(
                                ErrorType.CONNECT_TIMEOUT,
                                (race == null ? dialedHost() + " was not resolved" : dialed() + " was not connected to")
                                        + " within " + options.connectTimeout().toMillis() + " ms",
                                null));
    }

    /** A step has failed. */
    void fail(ProxyException cause) {
        if (!over) {
            run();
            owner.failed(cause);
        }
    }

    /** Cancels. */
    @Override
    public void run() {
        if (over) {
            return;
        }
        over = true;
        remove();
        if (race != null) {
            race.end();
        }
        if (channel != null) {
            channel.close();
        }
    }
}
