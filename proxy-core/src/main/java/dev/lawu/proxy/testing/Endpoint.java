package dev.lawu.proxy.testing;

import java.net.InetSocketAddress;

/** One end of an established connection, as a kernel has it. A channel or a test's connection owns it. */
final class Endpoint {
    /** Told when something has changed. */
    interface Owner {
        Owner NOBODY = new Owner() {
            @Override
            public void readable() {}

            @Override
            public void writable() {}
        };

        /** Bytes, a FIN or an RST have arrived. */
        void readable();

        /** The other end has taken bytes, or the connection was reset. */
        void writable();
    }

    private final InetSocketAddress local;
    private final InetSocketAddress remote;
    private Wire in;
    private Wire out;
    private Owner owner = Owner.NOBODY;
    private boolean closed;
    private boolean reset;
    private boolean finSent;
    private boolean refused;

    @SuppressWarnings("NullAway.Init") // the wires are set by connect(), the only caller
    private Endpoint(InetSocketAddress local, InetSocketAddress remote) {
        this.local = local;
        this.remote = remote;
    }

    /** Makes both ends of a connection and gives back the one that connected; {@link #other()} is the one that accepted. */
    static Endpoint connect(
            Scheduler scheduler, SimulatedNetwork network, InetSocketAddress local, InetSocketAddress remote) {
        Endpoint client = new Endpoint(local, remote);
        Endpoint server = new Endpoint(remote, local);
        client.out = new Wire(scheduler, network, client, server, network.window());
        client.in = new Wire(scheduler, network, server, client, network.window());
        server.out = client.in;
        server.in = client.out;
        client.peer = server;
        return client;
    }

    @SuppressWarnings("NullAway.Init") // set for the end that connected, and asked only there
    private Endpoint peer;

    Endpoint other() {
        return peer;
    }

    InetSocketAddress local() {
        return local;
    }

    InetSocketAddress remote() {
        return remote;
    }

    Wire in() {
        return in;
    }

    Wire out() {
        return out;
    }

    Owner owner() {
        return owner;
    }

    void owner(Owner owner) {
        this.owner = owner;
    }

    /** Closed from this side. */
    boolean isClosed() {
        return closed;
    }

    /** Reset from either side. What had arrived before can still be taken. */
    boolean isReset() {
        return reset;
    }

    boolean isOutputShutdown() {
        return finSent || closed;
    }

    /** Whether a read would tell something. */
    boolean hasNews() {
        return in.available() > 0 || in.isAtEnd() || reset;
    }

    /** Sends a FIN behind what was sent. */
    void shutdownOutput() {
        if (!finSent && !closed && !reset) {
            finSent = true;
            out.sendFin();
        }
    }

    /** Closes as kernels do: with bytes unread the other end gets an RST, else a FIN. */
    void close() {
        if (closed) {
            return;
        }
        boolean unread = in.unread() > 0;
        closed = true;
        in.discardUnread();
        if (reset) {
            return;
        }
        if (unread) {
            reset = true;
            out.sendReset();
        } else if (!finSent) {
            finSent = true;
            out.sendFin();
        }
    }

    /** Closes with an RST. */
    void abort() {
        if (closed) {
            return;
        }
        closed = true;
        in.discardUnread();
        if (!reset) {
            reset = true;
            out.sendReset();
        }
    }

    /** Bytes came to a closed end: the sender is told by an RST, once. */
    void refuseBytes() {
        if (!reset && !refused) {
            refused = true;
            out.sendReset();
        }
    }

    void resetArrived() {
        if (reset) {
            return;
        }
        reset = true;
        if (!closed) {
            owner.readable();
            owner.writable();
        }
    }

    /** {@code address:port} of this end. */
    @Override
    public String toString() {
        return text(local);
    }

    static String text(InetSocketAddress address) {
        String host = address.isUnresolved()
                ? address.getHostString()
                : address.getAddress().getHostAddress();
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + address.getPort();
    }
}
