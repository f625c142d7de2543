package dev.lawu.proxy.internal.server;

import dev.lawu.proxy.internal.h1.ServerConnection;
import dev.lawu.proxy.internal.transport.ChannelInfo;
import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * A client's connection as the server counts it, from the moment when it is accepted: for the server, its listener and its client. Whoever ends it, it is taken off the counts once, when its last handler
 * is told that it is gone. Confined to its loop.
 */
final class AcceptedConnection implements ServerConnection.Owner {
    private static final SocketAddress UNNAMED = UnixDomainSocketAddress.of("");

    final Channel channel;
    final ServerLoop loop;
    final ActiveListener listener;
    private @Nullable Long client;
    private boolean counted = true;

    /** The connection is counted by the server and the listener already. */
    AcceptedConnection(Channel channel, ServerLoop loop, ActiveListener listener) {
        this.channel = channel;
        this.loop = loop;
        this.listener = listener;
    }

    /** The other end of the socket. */
    @Nullable
    SocketAddress peer() {
        return listener.isUnix() ? UNNAMED : channel.remoteAddress();
    }

    /** This end of the socket. */
    @Nullable
    SocketAddress local() {
        return listener.isUnix() ? listener.address() : channel.localAddress();
    }

    /** Counts it for its client; false, and the connection is closed, if the client has too many. */
    boolean isWithinLimit(@Nullable SocketAddress address) {
        if (!(address instanceof InetSocketAddress inet)) {
            return true;
        }
        Long key = loop.limits().client(inet.getAddress());
        if (key == null) {
            return true;
        }
        if (!loop.limits().addClient(key)) {
            refuse("max-connections-per-client", address, "the client has as many connections as one may have");
            return false;
        }
        client = key;
        return true;
    }

    /** Begins with HTTP. {@code remote} and {@code local} are null for the socket's own. */
    void serve(@Nullable SocketAddress remote, @Nullable SocketAddress local) {
        ChannelInfo info;
        if (remote != null && local != null) {
            info = new ChannelInfo(channel, remote, local);
        } else if (listener.isUnix()) {
            info = new ChannelInfo(channel, UNNAMED, listener.address());
        } else {
            info = new ChannelInfo(channel);
        }
        channel.pipeline().addLast(loop.newConnection(channel, info, this));
    }

    /** Closes it, counted and logged. */
    void refuse(String reason, @Nullable SocketAddress from, String detail) {
        loop.refused(reason, listener, from, detail);
        channel.close();
    }

    @Override
    public void opened(ServerConnection connection) {
        loop.opened(connection);
    }

    @Override
    public void closed(ServerConnection connection) {
        loop.closed(connection);
        gone();
    }

    /** It is closed. */
    void gone() {
        if (!counted) {
            return;
        }
        counted = false;
        if (client != null) {
            loop.limits().removeClient(client);
        }
        listener.removeConnection();
        loop.connectionGone();
    }
}
