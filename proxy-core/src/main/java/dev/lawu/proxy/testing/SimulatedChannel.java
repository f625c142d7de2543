package dev.lawu.proxy.testing;

import io.netty.buffer.ByteBuf;
import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.channel.socket.DuplexChannel;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ConnectionPendingException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A TCP connection of the proxy, over an {@link Endpoint} instead of a socket. Confined to its loop.
 *
 * <p>It reads when NIO would: on demand, or all the time if {@code autoRead} is on; so a FIN or an RST behind unread bytes is seen only by reading. A turn reads one piece that has arrived.
 */
final class SimulatedChannel extends AbstractChannel implements DuplexChannel {
    private static final ChannelMetadata METADATA = new ChannelMetadata(false, 16);

    private final SimulatedTransport transport;
    private final SimulatedChannelConfig config;
    private @Nullable Endpoint endpoint;
    private @Nullable ConnectAttempt attempt;
    private @Nullable ChannelPromise connectPromise;
    private boolean closed;
    private boolean readPending;
    private boolean readScheduled;
    private boolean writeBlocked;
    private boolean inputShutdown;
    private boolean inputEndSeen;

    /** A connection that was accepted, or, without an endpoint, one that is to be made. */
    SimulatedChannel(
            @Nullable SimulatedServerChannel parent, SimulatedTransport transport, @Nullable Endpoint endpoint) {
        super(parent, transport.nextChannelId());
        this.transport = transport;
        this.config = new SimulatedChannelConfig(this);
        if (endpoint != null) {
            own(endpoint);
        }
    }

    private void own(Endpoint connected) {
        endpoint = connected;
        connected.owner(new Endpoint.Owner() {
            @Override
            public void readable() {
                scheduleRead();
            }

            @Override
            public void writable() {
                scheduleFlush();
            }
        });
    }

    // ---- reading

    @Override
    protected void doBeginRead() {
        if (inputEndSeen) {
            return;
        }
        readPending = true;
        scheduleRead();
    }

    void clearReadPending() {
        if (!isRegistered() || eventLoop().inEventLoop()) {
            readPending = false;
        } else {
            eventLoop().execute(() -> readPending = config.isAutoRead());
        }
    }

    private void scheduleRead() {
        if (readScheduled || !readPending || !isRegistered() || endpoint == null || !endpoint.hasNews()) {
            return;
        }
        readScheduled = true;
        EventLoop loop = eventLoop();
        loop.execute(() -> {
            if (isRegistered() && eventLoop() == loop) {
                readScheduled = false;
                readTurn();
            }
        });
    }

    private void readTurn() {
        Endpoint from = endpoint;
        if (closed || !readPending || from == null || !from.hasNews()) {
            return;
        }
        if (inputShutdown) {
            readAfterShutdown(from);
            return;
        }
        readPending = false;
        boolean piece = from.in().available() > 0;
        if (piece) {
            readPiece(from);
        }
        pipeline().fireChannelReadComplete();
        if (!piece && from.in().isAtEnd()) {
            inputEnded();
        } else if (!piece) {
            resetSeen();
        }
        scheduleRead();
    }

    /** Reads one piece, in as many buffers as the allocator makes of it, or less if the handlers stop reading. */
    private void readPiece(Endpoint from) {
        var handle = unsafe().recvBufAllocHandle();
        handle.reset(config);
        boolean more;
        do {
            int left = from.in().available();
            ByteBuf buffer = handle.allocate(config.getAllocator());
            handle.attemptedBytesRead(buffer.writableBytes());
            byte[] bytes = from.in().take(buffer.writableBytes());
            buffer.writeBytes(bytes);
            handle.lastBytesRead(bytes.length);
            handle.incMessagesRead(1);
            readPending = false;
            pipeline().fireChannelRead(buffer);
            more = bytes.length < left && handle.continueReading() && !closed && !inputShutdown;
        } while (more);
        handle.readComplete();
    }

    private void resetSeen() {
        pipeline().fireExceptionCaught(new IOException("Connection reset"));
        unsafe().close(unsafe().voidPromise());
    }

    private void inputEnded() {
        if (config.isAllowHalfClosure()) {
            inputShutdown = true;
            pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        } else {
            unsafe().close(unsafe().voidPromise());
        }
    }

    /** What still arrives is nobody's; the end is told once. */
    private void readAfterShutdown(Endpoint from) {
        while (from.in().available() > 0) {
            from.in().take(Integer.MAX_VALUE);
        }
        if (from.isReset()) {
            readPending = false;
            resetSeen();
        } else if (from.in().isAtEnd() && !inputEndSeen) {
            inputEndSeen = true;
            pipeline().fireUserEventTriggered(ChannelInputShutdownReadComplete.INSTANCE);
        }
    }

    // ---- writing

    @Override
    protected Object filterOutboundMessage(Object message) {
        if (message instanceof ByteBuf) {
            return message;
        }
        throw new UnsupportedOperationException("message: " + message.getClass().getName() + " (expected: a ByteBuf)");
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer buffer) throws Exception {
        Endpoint to = endpoint;
        if (to == null || to.isReset()) {
            throw new IOException(to == null ? "Broken pipe" : "Connection reset by peer");
        }
        Gathering gathering = new Gathering((int) Math.min(to.out().room(), buffer.totalPendingWriteBytes()));
        buffer.forEachFlushedMessage(gathering);
        if (gathering.length > 0) {
            to.out().send(gathering.bytes());
        }
        buffer.removeBytes(gathering.length);
        writeBlocked = !buffer.isEmpty();
    }

    private void scheduleFlush() {
        if (!writeBlocked || !isRegistered()) {
            return;
        }
        writeBlocked = false;
        EventLoop loop = eventLoop();
        loop.execute(() -> {
            if (isRegistered() && eventLoop() == loop) {
                ((StreamUnsafe) unsafe()).flushAgain();
            } else {
                writeBlocked = true;
            }
        });
    }

    /** Copies what is flushed into one piece, as a gathering write does. */
    private static final class Gathering implements ChannelOutboundBuffer.MessageProcessor {
        private final byte[] target;
        private int length;

        Gathering(int room) {
            this.target = new byte[room];
        }

        @Override
        public boolean processMessage(Object message) {
            ByteBuf buffer = (ByteBuf) message;
            int part = Math.min(buffer.readableBytes(), target.length - length);
            buffer.getBytes(buffer.readerIndex(), target, length, part);
            length += part;
            return length < target.length;
        }

        byte[] bytes() {
            return length == target.length ? target : Arrays.copyOf(target, length);
        }
    }

    // ---- half-closing and closing

    @Override
    protected void doShutdownOutput() {
        if (endpoint != null) {
            endpoint.shutdownOutput();
        }
    }

    @Override
    protected void doDisconnect() {
        doClose();
    }

    @Override
    protected void doClose() {
        if (closed) {
            return;
        }
        closed = true;
        transport.closed(this);
        ChannelPromise connecting = connectPromise;
        if (connecting != null) {
            connectPromise = null;
            connecting.tryFailure(new ClosedChannelException());
        }
        if (attempt != null) {
            attempt.cancel();
        }
        if (endpoint != null) {
            if (config.linger() == 0) {
                endpoint.abort();
            } else {
                endpoint.close();
            }
        }
    }

    @Override
    public boolean isInputShutdown() {
        return inputShutdown || closed;
    }

    @Override
    public boolean isOutputShutdown() {
        return closed || (endpoint != null && endpoint.isOutputShutdown());
    }

    @Override
    public boolean isShutdown() {
        return isInputShutdown() && isOutputShutdown();
    }

    @Override
    public ChannelFuture shutdownInput() {
        return shutdownInput(newPromise());
    }

    @Override
    public ChannelFuture shutdownInput(ChannelPromise promise) {
        onLoop(() -> {
            inputShutdown = true;
            promise.trySuccess();
        });
        return promise;
    }

    @Override
    public ChannelFuture shutdownOutput() {
        return shutdownOutput(newPromise());
    }

    @Override
    public ChannelFuture shutdownOutput(ChannelPromise promise) {
        onLoop(() -> ((StreamUnsafe) unsafe()).shutdownOutput(promise));
        return promise;
    }

    @Override
    public ChannelFuture shutdown() {
        return shutdown(newPromise());
    }

    @Override
    public ChannelFuture shutdown(ChannelPromise promise) {
        onLoop(() -> {
            inputShutdown = true;
            ((StreamUnsafe) unsafe()).shutdownOutput(promise);
        });
        return promise;
    }

    private void onLoop(Runnable action) {
        if (eventLoop().inEventLoop()) {
            action.run();
        } else {
            eventLoop().execute(action);
        }
    }

    // ---- what a channel is

    @Override
    public SimulatedChannelConfig config() {
        return config;
    }

    @Override
    public boolean isOpen() {
        return !closed;
    }

    @Override
    public boolean isActive() {
        return endpoint != null && !closed;
    }

    @Override
    public ChannelMetadata metadata() {
        return METADATA;
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return loop instanceof SimulatedLoop;
    }

    @Override
    protected void doRegister(ChannelPromise promise) {
        ((SimulatedLoop) eventLoop()).registered(this);
        if (writeBlocked) {
            EventLoop loop = eventLoop();
            loop.execute(this::scheduleFlush);
        }
        promise.setSuccess();
    }

    @Override
    protected void doDeregister() {
        ((SimulatedLoop) eventLoop()).deregistered(this);
        readPending = false;
        readScheduled = false;
    }

    @Override
    protected @Nullable SocketAddress localAddress0() {
        return endpoint == null ? null : endpoint.local();
    }

    @Override
    protected @Nullable SocketAddress remoteAddress0() {
        return endpoint == null ? null : endpoint.remote();
    }

    @Override
    protected void doBind(SocketAddress localAddress) {
        throw new UnsupportedOperationException("bind of a connection (expected: the transport chooses the address)");
    }

    @Override
    protected AbstractUnsafe newUnsafe() {
        return new StreamUnsafe();
    }

    private final class StreamUnsafe extends AbstractUnsafe implements ConnectAttempt.Caller {
        void flushAgain() {
            flush0();
        }

        @Override
        public void connect(SocketAddress remote, @Nullable SocketAddress local, ChannelPromise promise) {
            if (promise.isDone() || !ensureOpen(promise)) {
                return;
            }
            if (connectPromise != null || endpoint != null) {
                safeSetFailure(
                        promise, endpoint != null ? new AlreadyConnectedException() : new ConnectionPendingException());
                return;
            }
            if (!(remote instanceof InetSocketAddress inet) || inet.isUnresolved()) {
                safeSetFailure(
                        promise,
                        new ConnectException(
                                remote + ": not an internet address (expected: one; nothing" + " else is simulated)"));
                closeIfClosed();
                return;
            }
            connectPromise = promise;
            promise.addListener(future -> {
                if (future.isCancelled()) {
                    connectPromise = null;
                    close(voidPromise());
                }
            });
            attempt = transport.connect(inet, local instanceof InetSocketAddress from ? from.getAddress() : null, this);
        }

        @Override
        public void connected(Endpoint connected) {
            attempt = null;
            eventLoop().execute(() -> {
                ChannelPromise promise = connectPromise;
                connectPromise = null;
                if (closed || promise == null) {
                    connected.close();
                    return;
                }
                own(connected);
                boolean told = promise.trySuccess();
                pipeline().fireChannelActive();
                if (!told) {
                    close(voidPromise());
                }
            });
        }

        @Override
        public void refused(IOException cause) {
            attempt = null;
            eventLoop().execute(() -> {
                ChannelPromise promise = connectPromise;
                connectPromise = null;
                if (promise != null) {
                    promise.tryFailure(cause);
                    close(voidPromise());
                }
            });
        }
    }
}
