package dev.lawu.proxy.upstream;

import java.net.SocketAddress;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What requests must have in common to share connections: the peer's address, the {@linkplain PeerOptions connection and pool settings}, and, where connections say who the client is
 * ({@link ProxyProtocol}), the client. Made in one place, so that what a connection is cannot be left out of it. Immutable.
 */
public final class PoolKey {
    private final HttpPeer peer;
    private final List<@Nullable Object> settings;
    private final @Nullable SocketAddress clientAddress;
    private final @Nullable SocketAddress clientDestination;
    private final int hash;

    private PoolKey(
            HttpPeer peer,
            List<@Nullable Object> settings,
            @Nullable SocketAddress clientAddress,
            @Nullable SocketAddress clientDestination) {
        this.peer = peer;
        this.settings = settings;
        this.clientAddress = clientAddress;
        this.clientDestination = clientDestination;
        this.hash = Objects.hash(peer.host(), peer.port(), peer.path(), settings, clientAddress, clientDestination);
    }

    /** The key of a peer's connections. */
    static PoolKey of(HttpPeer peer) {
        return new PoolKey(peer, peer.options().sharedSettings(), null, null);
    }

    /**
     * The key of connections that are only this client's.
     *
     * @param address the client's; null if it has none
     * @param destination the address that the client connected to; null if there is none
     */
    public PoolKey forClient(@Nullable SocketAddress address, @Nullable SocketAddress destination) {
        return new PoolKey(peer, settings, address, destination);
    }

    /** A peer with this key; others differ from it in how requests are sent, not in their connections. */
    public HttpPeer peer() {
        return peer;
    }

    /** Whose connections these are; null if they are anybody's, or the client has no address. */
    public @Nullable SocketAddress clientAddress() {
        return clientAddress;
    }

    /** What that client connected to; null if they are anybody's, or there is no address. */
    public @Nullable SocketAddress clientDestination() {
        return clientDestination;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other
                || other instanceof PoolKey key
                        && hash == key.hash
                        && peer.port() == key.peer.port()
                        && peer.host().equals(key.peer.host())
                        && Objects.equals(peer.path(), key.peer.path())
                        && (settings == key.settings || settings.equals(key.settings))
                        && Objects.equals(clientAddress, key.clientAddress)
                        && Objects.equals(clientDestination, key.clientDestination);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    /** The peer, and the client if the connections are only its. */
    @Override
    public String toString() {
        return clientAddress == null ? peer.toString() : peer + " for " + clientAddress;
    }
}
