package dev.lawu.proxy.internal.upstream;

import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.internal.loop.Deadline;
import dev.lawu.proxy.internal.loop.ReadBuffers;
import dev.lawu.proxy.upstream.PeerOptions;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import io.netty.util.NetUtil;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Connects to the first of several addresses that answers (RFC 8305, section 5): one after the other is tried, beside those that are still being connected to, after the attempt delay, or at once when
 * all that were begun have failed. The first that is connected wins, the others are closed.
 *
 * <p>The order is the resolver's, but the families take turns, beginning with that of the first address, and {@link PoorAddresses} come last. The deadline that this is is the attempt delay; giving up
 * in time is the {@link Establishment}'s. Confined to its loop.
 */
final class AddressRace extends Deadline {
    /** More addresses than this are not tried for one connection. */
    static final int MOST_ADDRESSES = 32;

    private static final int MOST_REASONS = 4;

    private final Dialer dialer;
    private final PeerOptions options;
    private final Establishment establishment;
    private final Queue<SocketAddress> left;
    private final List<Dialing> dialing = new ArrayList<>(2);
    private final List<String> reasons = new ArrayList<>(1);
    private int failures;
    private @Nullable Throwable lastCause;
    private boolean over;

    /** An address that is being connected to. */
    private static final class Dialing {
        final SocketAddress address;
        /** False while there is no socket for it: what fails then has failed here, not there. */
        boolean hasChannel;

        @Nullable
        ChannelFuture future;

        Dialing(SocketAddress address) {
            this.address = address;
        }

        /** A channel that could not be made has no loop and no way to be closed; the others are closed by whoever is told first. */
        void close() {
            ChannelFuture begun = future;
            if (begun != null && begun.channel().isRegistered()) {
                begun.channel().close();
            }
        }
    }

    AddressRace(Dialer dialer, PeerOptions options, List<SocketAddress> addresses, Establishment establishment) {
        super(dialer.loop());
        this.dialer = dialer;
        this.options = options;
        this.establishment = establishment;
        List<SocketAddress> ordered = dialer.poor().order(interleave(addresses));
        this.left = new ArrayDeque<>(ordered.subList(0, Math.min(ordered.size(), MOST_ADDRESSES)));
    }

    /** One of the first address's family, one of the other, and so on (RFC 8305, section 4). */
    static List<SocketAddress> interleave(List<SocketAddress> addresses) {
        if (addresses.size() < 3) {
            return addresses;
        }
        List<SocketAddress> same = new ArrayList<>();
        List<SocketAddress> other = new ArrayList<>();
        for (SocketAddress address : addresses) {
            (family(address) == family(addresses.get(0)) ? same : other).add(address);
        }
        List<SocketAddress> mixed = new ArrayList<>(addresses.size());
        Iterator<SocketAddress> a = same.iterator();
        Iterator<SocketAddress> b = other.iterator();
        while (a.hasNext() || b.hasNext()) {
            if (a.hasNext()) {
                mixed.add(a.next());
            }
            if (b.hasNext()) {
                mixed.add(b.next());
            }
        }
        return mixed;
    }

    private static Class<?> family(SocketAddress address) {
        InetAddress ip = address instanceof InetSocketAddress inet ? inet.getAddress() : null;
        return ip == null ? address.getClass() : ip.getClass();
    }

    void start() {
        next();
    }

    private void next() {
        SocketAddress address = left.remove();
        if (!left.isEmpty()) {
            set(options.connectAttemptDelay().toNanos());
        }
        EventLoop loop = dialer.loop().loop();
        Dialing begun = new Dialing(address);
        ChannelFuture future = dialer.transport().connect(loop, address, options, channel -> {
            begun.hasChannel = true;
            channel.config().setAutoRead(false);
            ReadBuffers.use(channel, dialer.loop()); // before anything is read: Netty asks for it once
            channel.pipeline().addLast(new Unattended());
        });
        begun.future = future;
        dialing.add(begun);
        future.addListener(done -> {
            if (loop.inEventLoop()) {
                ended(begun, future);
            } else { // a socket that could not be made has no loop, and is told of elsewhere
                loop.execute(() -> ended(begun, future));
            }
        });
    }

    @Override
    protected void expired() {
        if (!over && !left.isEmpty()) {
            next();
        }
    }

    private void ended(Dialing one, ChannelFuture future) {
        if (over) {
            one.close();
            return;
        }
        dialing.remove(one);
        if (future.isSuccess()) {
            won(one, future.channel());
            return;
        }
        lastCause = future.cause();
        if (one.hasChannel && !(lastCause instanceof BindException)) {
            dialer.poor().add(one.address);
        }
        failures++;
        if (reasons.size() < MOST_REASONS) {
            reasons.add(text(one.address) + ": " + (lastCause == null ? "failed" : lastCause.getMessage()));
        }
        if (!left.isEmpty()) {
            next();
        } else if (dialing.isEmpty()) {
            end();
            String more = failures > reasons.size() ? "; and " + (failures - reasons.size()) + " more" : "";
            establishment.fail(
                    ProxyException.upstream(ErrorType.CONNECT, String.join("; ", reasons) + more, lastCause));
        }
    }

    private void won(Dialing winner, Channel channel) {
        dialer.poor().remove(winner.address);
        for (Dialing loser : dialing) {
            dialer.poor().add(loser.address);
        }
        end();
        establishment.dialed(channel);
    }

    private static String text(SocketAddress address) {
        return address instanceof InetSocketAddress inet ? NetUtil.toSocketAddressString(inet) : address.toString();
    }

    /** Closes what is being connected to. */
    void end() {
        over = true;
        remove();
        for (Dialing one : dialing) {
            one.close();
        }
        dialing.clear();
    }
}
