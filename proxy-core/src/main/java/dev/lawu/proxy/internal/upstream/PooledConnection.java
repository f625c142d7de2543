package dev.lawu.proxy.internal.upstream;

import dev.lawu.proxy.internal.h1.ClientConnection;
import dev.lawu.proxy.internal.loop.Deadline;
import dev.lawu.proxy.internal.transport.ChannelInfo;
import dev.lawu.proxy.spi.ConnectionInfo;
import dev.lawu.proxy.upstream.HttpPeer;
import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;

/** An upstream connection and its place in the pool of one event loop; what ends it when it has been idle too long or is too old. */
final class PooledConnection extends Deadline implements ClientConnection.Owner {
    /** The most of its life that is taken off at random. */
    private static final double JITTER = 0.1;

    /** Neighbours in the loop's {@link IdleOrder}. */
    @Nullable
    PooledConnection older;

    @Nullable
    PooledConnection newer;

    private final PeerConnections home;
    private final Channel channel;
    private final ConnectionInfo info;
    private final ClientConnection connection;
    private @Nullable CloseReason reason;
    private long lastMoment;
    private int uses;
    private boolean idle;
    private boolean established;
    private boolean gone;

    /** One that is being made. */
    PooledConnection(PeerConnections home, Channel channel) {
        this(home, channel, new ChannelInfo(channel));
    }

    /** One that was taken over from another loop. */
    PooledConnection(PeerConnections home, Channel channel, Move move) {
        this(home, channel, move.info);
        established = true;
        lastMoment = moment(move.lifeLeft);
        uses = move.uses;
        if (uses > 0) {
            connection.setUsed();
        }
    }

    private PooledConnection(PeerConnections home, Channel channel, ConnectionInfo info) {
        super(home.pool.loop);
        this.home = home;
        this.channel = channel;
        this.info = info;
        this.connection = new ClientConnection(channel, home.pool.loop, home.pool.options, home.peer, info, this);
    }

    ClientConnection connection() {
        return connection;
    }

    PeerConnections home() {
        return home;
    }

    Channel channel() {
        return channel;
    }

    ConnectionInfo info() {
        return info;
    }

    int uses() {
        return uses;
    }

    /** Nanoseconds until it is too old. */
    long lifeLeft() {
        return lastMoment - moment(0);
    }

    /** It is connected: from now on it counts, and says itself when it is gone. */
    void established() {
        established = true;
        long most = home.peer.options().maxAge().toNanos();
        lastMoment =
                moment(most - (long) (most * JITTER * home.pool.loop.random().nextDouble()));
    }

    /** A request is about to use it. */
    void lend(HttpPeer chosen) {
        uses++;
        connection.lend(chosen);
    }

    void taken() {
        idle = false;
        cancel();
    }

    /** False if it is too old for that. */
    boolean becameIdle() {
        idle = set(home.idleNanos, lastMoment);
        return idle;
    }

    /** Takes it out of this loop; false if something is under way on it. */
    boolean detach() {
        if (gone || !connection.detach()) {
            return false;
        }
        gone = true;
        remove();
        return true;
    }

    boolean isEndedByPeer() {
        return reason == CloseReason.PEER;
    }

    boolean isGone() {
        return gone;
    }

    void close(CloseReason why) {
        reason = why;
        connection.closeIdle();
        closed(connection);
    }

    @Override
    protected void expired() {
        if (idle) {
            close(lastMoment <= moment(0) ? CloseReason.MAX_AGE : CloseReason.IDLE_TIMEOUT);
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
            if (reason == null) {
                reason = idle ? CloseReason.PEER : CloseReason.EXCHANGE;
            }
            home.pool.counters.upstreamClosed(reason.text());
            home.removed(this, idle);
        }
    }
}
