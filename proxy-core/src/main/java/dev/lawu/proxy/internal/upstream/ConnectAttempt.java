package dev.lawu.proxy.internal.upstream;

import dev.lawu.proxy.ProxyException;
import io.netty.channel.Channel;

/** Makes one connection for a pool: an {@link Establishment}, and on what it establishes HTTP/1.1. Running it cancels: what was begun is closed at once. Confined to its loop. */
final class ConnectAttempt implements Establishment.Owner, Runnable {
    /** Told how it ended, once, on the loop, unless it was cancelled. */
    interface Done {
        /** There is a connection; its place in the pool is the receiver's business. */
        void connected(PooledConnection made);

        /** There is none: an error of resolving, connecting or one of the steps behind that. */
        void failed(ProxyException cause);
    }

    private final PeerConnections home;
    private final Done done;
    private final Establishment establishment;

    ConnectAttempt(PeerConnections home, Done done) {
        this.home = home;
        this.done = done;
        this.establishment = new Establishment(home.pool.dialer, home.key, this);
    }

    void start() {
        establishment.start();
    }

    @Override
    public void established(Channel channel) {
        PooledConnection made = new PooledConnection(home, channel);
        channel.pipeline().addLast(made.connection());
        channel.config().setAutoRead(true);
        done.connected(made);
    }

    @Override
    public void failed(ProxyException cause) {
        done.failed(cause);
    }

    @Override
    public void run() {
        establishment.run();
    }
}
