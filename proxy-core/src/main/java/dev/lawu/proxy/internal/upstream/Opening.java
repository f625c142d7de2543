package dev.lawu.proxy.internal.upstream;

import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.spi.Connector;
import dev.lawu.proxy.upstream.HttpPeer;

/** A request that has to wait for a connection. Running it cancels. Confined to its loop. */
final class Opening implements ConnectAttempt.Done, Runnable {
    private final PeerConnections home;
    private final HttpPeer chosen;
    private final Connector.Request request;
    private final ConnectAttempt connecting;
    private boolean over;

    Opening(PeerConnections home, HttpPeer chosen, Connector.Request request) {
        this.home = home;
        this.chosen = chosen;
        this.request = request;
        this.connecting = new ConnectAttempt(home, this);
    }

    void start() {
        home.added();
        connecting.start();
    }

    @Override
    public void connected(PooledConnection made) {
        over = true;
        made.established();
        made.taken(chosen);
        home.pool.counters.upstreamConnected();
        request.onOpen(made.connection(), false);
    }

    @Override
    public void failed(ProxyException cause) {
        over = true;
        home.removed(null, false);
        request.onFailure(cause);
    }

    @Override
    public void run() {
        if (!over) {
            over = true;
            home.removed(null, false);
            connecting.run();
        }
    }
}
