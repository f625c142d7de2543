package dev.lawu.proxy.internal.upstream;

import dev.lawu.proxy.internal.h1.ClientConnection;
import dev.lawu.proxy.internal.loop.Deadline;
import dev.lawu.proxy.internal.transport.ChannelInfo;
import dev.lawu.proxy.upstream.HttpPeer;
import io.netty.channel.Channel;

/** An upstream connection and its place in the pool; what ends it when it has been idle too long. */
final class PooledConnection extends Deadline implements ClientConnection.Owner {
    private final PeerConnections home;
    private final ClientConnection connection;
    private boolean idle;
    private boolean established;
    private boolean gone;

    PooledConnection(PeerConnections home, Channel channel) {
        super(home.pool.loop);
        this.home = home;
        this.connection = new ClientConnection(
                channel, home.pool.loop, home.pool.options, home.peer, new ChannelInfo(channel), this);
    }

    ClientConnection connection() {
        return connection;
    }

    /** It is connected: from now on it counts, and says itself when it is gone. */
    void established() {
        established = true;
    }

    void taken(HttpPeer chosen) {
        connection.lend(chosen);
        idle = false;
        cancel();
    }

    void becameIdle() {
        idle = true;
        set(home.peer.options().idleTimeout().toNanos());
    }

    void close() {
        connection.closeIdle();
        closed(connection);
    }

    @Override
    protected void expired() {
        if (idle) {
            close();
        }
    }

    @Override
    public void released(ClientConnection released) {
        if (!gone) {
            home.released(this);
        }
    }

    @Override
    public void closed(ClientConnection closed) {
        if (!gone && established) {
            gone = true;
            remove();
            home.removed(this, idle);
        }
    }
}
