package dev.lawu.proxy.testing;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** A connection that is being made. */
final class ConnectAttempt {
    /** Who connects. One of its methods is called once, unless the attempt is cancelled or never answered. */
    interface Caller {
        void connected(Endpoint endpoint);

        void refused(IOException cause);
    }

    /** Who listens. */
    interface Listener {
        void connecting(ConnectAttempt attempt);
    }

    private final Scheduler scheduler;
    private final SimulatedNetwork network;
    private final InetSocketAddress local;
    private final InetSocketAddress remote;
    private final Caller caller;
    private boolean ended;

    ConnectAttempt(
            Scheduler scheduler,
            SimulatedNetwork network,
            InetSocketAddress local,
            InetSocketAddress remote,
            Caller caller) {
        this.scheduler = scheduler;
        this.network = network;
        this.local = local;
        this.remote = remote;
        this.caller = caller;
    }

    /** Establishes the connection: the server's end of it; null if the caller has given up. */
    @Nullable
    Endpoint accept() {
        if (ended) {
            return null;
        }
        ended = true;
        scheduler.trace(this, "connected");
        Endpoint client = Endpoint.connect(scheduler, network, local, remote);
        network.prepare(client);
        caller.connected(client);
        return client.other();
    }

    void refuse() {
        if (!ended) {
            ended = true;
            scheduler.trace(this, "refused");
            caller.refused(new ConnectException("Connection refused: " + Endpoint.text(remote)));
        }
    }

    /** The caller has given up. */
    void cancel() {
        ended = true;
    }

    @Override
    public String toString() {
        return Endpoint.text(local) + " > " + Endpoint.text(remote);
    }
}
