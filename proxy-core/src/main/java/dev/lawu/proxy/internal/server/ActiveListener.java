package dev.lawu.proxy.internal.server;

import dev.lawu.proxy.Listener;
import io.netty.channel.Channel;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A {@link Listener} of a running server: its sockets, and how many connections it has. Thread-safe once it is bound. */
final class ActiveListener {
    private final Listener description;
    private final List<Channel> channels = new ArrayList<>();
    private final List<AcceptBackoff> backoffs = new CopyOnWriteArrayList<>();
    private final AtomicInteger connections = new AtomicInteger();
    private @Nullable UnixSocketFile file;
    private SocketAddress address;

    ActiveListener(Listener description) {
        this.description = description;
        this.address = description.address();
    }

    Listener description() {
        return description;
    }

    String name() {
        return description.name();
    }

    /** True if something stands between accepting a connection and its HTTP. */
    boolean needsAdmission() {
        return description.proxyProtocol() != null || description.connectionFilter() != null;
    }

    boolean isUnix() {
        return address instanceof UnixDomainSocketAddress;
    }

    /** Where it listens: once it is bound, with the port that it got. */
    SocketAddress address() {
        return address;
    }

    /** The file of its socket; null if it has none. Set while it is bound. */
    void file(UnixSocketFile value) {
        file = value;
    }

    /** One more socket listens. */
    void bound(Channel channel) {
        channels.add(channel);
        if (!isUnix() && channel.localAddress() != null) {
            address = channel.localAddress();
        }
    }

    void backoff(AcceptBackoff backoff) {
        backoffs.add(backoff);
    }

    /** Begins to accept. */
    void open() {
        for (Channel channel : channels) {
            channel.config().setAutoRead(true);
        }
    }

    /** True while every socket accepts. */
    boolean isAccepting() {
        for (Channel channel : channels) {
            if (!channel.isOpen()) {
                return false;
            }
        }
        for (AcceptBackoff backoff : backoffs) {
            if (backoff.isPaused()) {
                return false;
            }
        }
        return true;
    }

    void close() {
        for (Channel channel : channels) {
            channel.close();
        }
        if (file != null) {
            file.remove();
        }
    }

    /** Counts a connection; false, and it is not counted, if there are too many. */
    boolean addConnection() {
        return ConnectionLimits.addBelow(connections, description.maxConnections());
    }

    void removeConnection() {
        connections.decrementAndGet();
    }
}
