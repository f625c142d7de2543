package dev.lawu.proxy.testing;

import io.netty.channel.AbstractServerChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** A listener of the proxy. It has a backlog like a kernel's: what does not fit waits unconnected. Confined to its loop. */
final class SimulatedServerChannel extends AbstractServerChannel implements ConnectAttempt.Listener {
    private final SimulatedTransport transport;
    private final ChannelConfig config;
    private final int backlog;
    private final SimulatedChannelId number;
    /** Connected and not accepted yet. */
    private final Deque<Endpoint> connected = new ArrayDeque<>();

    private final Deque<ConnectAttempt> waiting = new ArrayDeque<>();
    private @Nullable InetSocketAddress bound;
    private boolean closed;
    private boolean readPending;
    private boolean acceptScheduled;

    SimulatedServerChannel(SimulatedTransport transport, int backlog) {
        this.transport = transport;
        this.backlog = backlog;
        this.number = transport.nextChannelId();
        this.config = new DefaultChannelConfig(this) {
            @Override
            protected void autoReadCleared() {
                readPending = false;
            }
        };
    }

    @Override
    public void connecting(ConnectAttempt attempt) {
        waiting.add(attempt);
        fillBacklog();
        scheduleAccept();
    }

    private void fillBacklog() {
        while (connected.size() < backlog && !waiting.isEmpty()) {
            Endpoint server = waiting.remove().accept();
            if (server != null) {
                connected.add(server);
            }
        }
    }

    @Override
    protected void doBeginRead() {
        readPending = true;
        scheduleAccept();
    }

    private void scheduleAccept() {
        if (!acceptScheduled && readPending && isRegistered() && !connected.isEmpty()) {
            acceptScheduled = true;
            eventLoop().execute(this::acceptTurn);
        }
    }

    private void acceptTurn() {
        acceptScheduled = false;
        if (closed || !readPending || connected.isEmpty()) {
            return;
        }
        readPending = false;
        SimulatedChannel child = new SimulatedChannel(this, transport, connected.remove());
        transport.opened(child);
        fillBacklog();
        pipeline().fireChannelRead(child);
        pipeline().fireChannelReadComplete();
        scheduleAccept();
    }

    @Override
    protected void doBind(SocketAddress address) throws BindException {
        if (!(address instanceof InetSocketAddress inet) || inet.isUnresolved()) {
            throw new BindException("Not an internet address: " + address);
        }
        bound = transport.network().bind(inet, this);
    }

    @Override
    protected void doClose() {
        if (closed) {
            return;
        }
        closed = true;
        if (bound != null) {
            transport.network().unbind(bound);
        }
        connected.forEach(Endpoint::abort);
        connected.clear();
        waiting.forEach(ConnectAttempt::refuse);
        waiting.clear();
    }

    @Override
    protected void doRegister(ChannelPromise promise) {
        ((SimulatedLoop) eventLoop()).registered(this);
        promise.setSuccess();
    }

    @Override
    protected void doDeregister() {
        ((SimulatedLoop) eventLoop()).deregistered(this);
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return loop instanceof SimulatedLoop;
    }

    @Override
    protected @Nullable SocketAddress localAddress0() {
        return bound;
    }

    @Override
    public ChannelConfig config() {
        return config;
    }

    @Override
    public boolean isOpen() {
        return !closed;
    }

    @Override
    public boolean isActive() {
        return bound != null && !closed;
    }

    @Override
    public String toString() {
        return "listener " + number.asShortText();
    }
}
