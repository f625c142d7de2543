package dev.lawu.proxy.internal.upstream;

import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.internal.loop.Deadline;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Makes one connection: resolves the name, tries the addresses in their order, and gives up when the connect timeout has passed over all of it. Running it cancels: what was begun is closed at
 * once, so that nobody's connection is counted or waited for.
 */
final class ConnectAttempt extends Deadline implements Runnable {
    /** Told how it ended, once, on the loop, unless it was cancelled. */
    interface Done {
        /** There is a connection; its place in the pool is the receiver's business. */
        void connected(PooledConnection made);

        /** There is none: an error of resolving, connecting or one of the steps behind that. */
        void failed(ProxyException cause);
    }

    private final PeerConnections home;
    private final Done done;
    private @Nullable Iterator<InetAddress> addresses;
    private @Nullable ChannelFuture connecting;
    private @Nullable PooledConnection connection;
    private boolean over;

    ConnectAttempt(PeerConnections home, Done done) {
        super(home.pool.loop);
        this.home = home;
        this.done = done;
    }

    void start() {
        set(home.peer.options().connectTimeout().toNanos());
        InetSocketAddress literal = home.literal;
        if (literal != null) {
            connect(literal);
            return;
        }
        CompletionStage<List<InetAddress>> resolving;
        try {
            resolving = Objects.requireNonNull(home.pool.resolver.resolve(home.peer.host()), "the resolver's result");
        } catch (RuntimeException e) {
            resolved(null, e);
            return;
        }
        resolving.whenComplete((found, failure) -> {
            if (home.pool.loop.loop().inEventLoop()) {
                resolved(found, failure);
            } else {
                home.pool.loop.loop().execute(() -> resolved(found, failure));
            }
        });
    }

    private void resolved(@Nullable List<InetAddress> found, @Nullable Throwable failure) {
        if (over) {
            return;
        }
        if (found == null || found.isEmpty()) {
            fail(ProxyException.upstream(
                    ErrorType.RESOLVE, home.peer.host() + ": " + (failure == null ? "no address" : failure), failure));
            return;
        }
        addresses = found.iterator();
        connect(new InetSocketAddress(addresses.next(), home.peer.port()));
    }

    private void connect(InetSocketAddress address) {
        ChannelFuture future = home.pool.transport.connect(home.pool.loop.loop(), address, channel -> created(channel));
        connecting = future;
        future.addListener(done -> connected(address, future));
    }

    private void created(Channel channel) {
        PooledConnection made = new PooledConnection(home, channel);
        connection = made;
        channel.pipeline().addLast(made.connection());
    }

    private void connected(InetSocketAddress address, ChannelFuture future) {
        if (over) {
            future.channel().close();
            return;
        }
        PooledConnection made = connection;
        if (future.isSuccess() && made != null) {
            over = true;
            remove();
            done.connected(made);
            return;
        }
        connection = null;
        Iterator<InetAddress> rest = addresses;
        if (rest != null && rest.hasNext()) {
            connect(new InetSocketAddress(rest.next(), home.peer.port()));
            return;
        }
        Throwable cause = future.cause();
        fail(ProxyException.upstream(
                ErrorType.CONNECT, address + ": " + (cause == null ? "failed" : cause.getMessage()), cause));
    }

    @Override
    protected void expired() {
        if (over) {
            return;
        }
        ChannelFuture future = connecting;
        String what = future == null ? home.peer.host() + " was not resolved" : home.peer + " was not connected to";
        fail(ProxyException.upstream(
                ErrorType.CONNECT_TIMEOUT,
                what + " within " + home.peer.options().connectTimeout().toMillis() + " ms",
                null));
        if (future != null) {
            future.channel().close();
        }
    }

    private void fail(ProxyException cause) {
        over = true;
        remove();
        done.failed(cause);
    }

    @Override
    public void run() {
        if (over) {
            return;
        }
        over = true;
        remove();
        ChannelFuture future = connecting;
        if (future != null) {
            future.channel().close();
        }
    }
}
