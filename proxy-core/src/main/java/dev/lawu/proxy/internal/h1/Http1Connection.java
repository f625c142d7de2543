package dev.lawu.proxy.internal.h1;

import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.internal.loop.Deadline;
import dev.lawu.proxy.internal.loop.Flushable;
import dev.lawu.proxy.internal.loop.LoopContext;
import dev.lawu.proxy.internal.loop.ReadBuffers;
import dev.lawu.proxy.spi.ConnectionInfo;
import dev.lawu.proxy.spi.HttpStream;
import dev.lawu.proxy.spi.StreamListener;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What both ends of an HTTP/1.1 connection have in common: bytes that were read and not yet used, a loop that takes one step at a time through them, pausing, tunnels, one deadline for reading, and
 * the ways to close.
 *
 * <p><b>Steps.</b> Everything that comes in is handled by {@link #process}, which calls {@link #step()} until it says that it cannot go on: for want of bytes, or because the machine has paused the
 * stream. A step tells the listener at most one thing, and changes the state before it does, because the listener may call anything: write, pause, reset. A call that would run steps within a step
 * returns at once; the outer loop goes on in its stead, so nothing recurses, however many messages stand in the buffer.
 *
 * <p><b>Between messages.</b> A message ends within a call of the machine, which may still use the stream afterwards, in the same call. So the connection goes on to the next exchange only when no
 * such call can be on the stack: {@link #isOutermost()}, which holds in events of the channel and in {@link #flush()}, never in calls through {@link HttpStream}.
 *
 * <p><b>Reading.</b> While nothing can be used, reading goes on up to {@value #READ_AHEAD} bytes, so that a FIN is seen; then it stops ({@code autoRead}) until bytes are used.
 */
abstract class Http1Connection extends ChannelInboundHandlerAdapter implements HttpStream, Flushable {
    static final int READ_AHEAD = 16 * 1024;

    private static final Logger LOG = LoggerFactory.getLogger(Http1Connection.class);

    final Channel channel;
    final LoopContext loop;
    final OutputBuffer output;
    final BodyEncoder writer;
    final BodyDecoder body;
    final Deadline readDeadline;

    private final ConnectionInfo info;
    private ByteBuf input = Unpooled.EMPTY_BUFFER;
    private boolean paused;
    private boolean processing;
    private boolean outermost;
    private boolean reading = true;
    private boolean inputClosed;
    private boolean closed;
    private boolean goneTold;
    private boolean tunnel;
    private boolean tunnelInputTold;
    private boolean tunnelOutputDrained;

    Http1Connection(
            Channel channel, LoopContext loop, ProxyOptions options, ConnectionInfo info, Duration writeStallTimeout) {
        this.channel = channel;
        this.loop = loop;
        this.info = info;
        this.output = new OutputBuffer(channel, loop, this, writeStallTimeout.toNanos(), this::onWriteStall);
        this.writer = new BodyEncoder(output);
        this.body = new BodyDecoder(loop.sections(), options);
        this.readDeadline = new Deadline(loop) {
            @Override
            protected void expired() {
                onReadTimeout();
            }
        };
        ReadBuffers.use(channel, loop);
    }

    // ---- what the two ends decide

    /** Takes one step; false if it cannot go on. */
    abstract boolean step() throws Refusal;

    /** Steps have been taken: sets the deadline for what is awaited now. {@code fresh} if bytes have come or reading was resumed. */
    abstract void updateDeadline(boolean fresh);

    /** Who is told; null if there is no exchange. */
    abstract @Nullable StreamListener listener();

    /** The message that comes in has ended; the listener is about to be told. */
    abstract void onMessageEnd();

    /** What came in is malformed. */
    abstract void onRefusal(Refusal refusal);

    /** The other side sent FIN. */
    abstract void onInputClosed();

    /** The connection was lost, or this end has a bug. An end that does not close at once closes when it has told what had come before. */
    abstract void onFailure(Throwable cause);

    abstract void onReadTimeout();

    abstract void onWriteStall();

    /** The connection is closed, by whichever side. Called once. */
    abstract void onGone();

    // ---- input

    @Override
    public final void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (closed || inputClosed) {
            bytes.release();
            return;
        }
        input = append(input, bytes);
        processOutermost(true);
    }

    private ByteBuf append(ByteBuf first, ByteBuf second) {
        int length = first.readableBytes();
        if (length == 0) {
            first.release();
            return second;
        }
        try {
            if (first.writableBytes() >= second.readableBytes()) {
                return first.writeBytes(second);
            }
            int all = length + second.readableBytes();
            ByteBuf joined = channel.alloc().ioBuffer(Math.max(2 * all, 1024));
            joined.writeBytes(first).writeBytes(second);
            first.release();
            return joined;
        } finally {
            second.release();
        }
    }

    /** What was read and not used yet. */
    final ByteBuf input() {
        return input;
    }

    /** True if no more will come. */
    final boolean isInputClosed() {
        return inputClosed;
    }

    final boolean isPaused() {
        return paused;
    }

    final boolean isClosed() {
        return closed;
    }

    /** True if no call of the machine is on the stack. */
    final boolean isOutermost() {
        return outermost;
    }

    /** Takes steps; to be called where no call of the machine can be on the stack. */
    final void processOutermost(boolean fresh) {
        boolean before = outermost;
        outermost = true;
        try {
            process(fresh);
        } finally {
            outermost = before;
        }
    }

    private void process(boolean fresh) {
        if (processing || closed) {
            return;
        }
        processing = true;
        Refusal refusal = null;
        Throwable failure = null;
        try {
            while (!closed && step()) {}
        } catch (Refusal found) {
            refusal = found;
        } catch (RuntimeException | Error found) {
            failure = found;
        } finally {
            processing = false;
        }
        if (refusal != null) {
            onRefusal(refusal);
        } else if (failure != null) {
            onFailure(failure);
        }
        settle(fresh);
    }

    private void settle(boolean fresh) {
        if (processing) {
            return;
        }
        ByteBuf used = input;
        if (closed || !used.isReadable()) {
            input = Unpooled.EMPTY_BUFFER;
            loop.buffers().release(used);
        }
        if (!closed) {
            boolean read = input.readableBytes() <= READ_AHEAD;
            if (read != reading) {
                reading = read;
                channel.config().setAutoRead(read);
            }
            updateDeadline(fresh);
        }
    }

    /** Tells the next part of the body that comes in; false if there is none. */
    final boolean tellBody(StreamListener to) throws Refusal {
        ByteBuf data = body.next(input);
        boolean done = body.isDone();
        if (data == null && !done) {
            return false;
        }
        if (data != null && (!done || body.hasTrailers())) {
            to.onData(data, false);
            return true;
        }
        Headers trailers = body.takeTrailers();
        onMessageEnd();
        if (trailers != null) {
            to.onTrailers(trailers);
        } else {
            to.onData(data == null ? Unpooled.EMPTY_BUFFER : data, true);
        }
        return true;
    }

    // ---- tunnels

    /** From now on what comes in is told as it is. */
    final void startTunnel() {
        tunnel = true;
        writer.startRaw();
    }

    /** Tells what came in through the tunnel. */
    final boolean tunnelStep(StreamListener to) {
        if (paused || tunnelInputTold) {
            return false;
        }
        if (input.isReadable()) {
            ByteBuf data = input;
            input = Unpooled.EMPTY_BUFFER;
            to.onData(data, false);
            return true;
        }
        if (!inputClosed) {
            return false;
        }
        tunnelInputTold = true;
        if (tunnelOutputDrained) {
            close();
        }
        to.onData(Unpooled.EMPTY_BUFFER, true);
        return false;
    }

    /** The machine has ended its direction of the tunnel: half-closes when everything is sent, or closes if the other direction has ended, too. */
    private void endTunnelOutput() {
        output.drain().addListener(future -> {
            tunnelOutputDrained = true;
            if (tunnelInputTold) {
                close();
            } else if (!closed && channel instanceof DuplexChannel duplex) {
                duplex.shutdownOutput();
            }
        });
    }

    // ---- HttpStream

    @Override
    public final EventLoop eventLoop() {
        return channel.eventLoop();
    }

    @Override
    public final ConnectionInfo connection() {
        return info;
    }

    @Override
    public final boolean isWritable() {
        return output.isWritable();
    }

    @Override
    public final void write(ByteBuf data, boolean last) {
        if (closed || !writer.isOpen()) {
            data.release();
            return;
        }
        afterWrite(writer.write(data, last), last);
    }

    @Override
    public final void writeTrailers(Headers trailers) {
        if (!closed && writer.isOpen()) {
            afterWrite(writer.writeTrailers(trailers, trailersAllowed()), true);
        }
    }

    private void afterWrite(boolean framed, boolean last) {
        if (!framed) {
            onMisframed();
        } else if (last) {
            if (tunnel) {
                endTunnelOutput();
            } else {
                onOutputEnd();
            }
        }
    }

    /** True if the other side can read trailers. */
    boolean trailersAllowed() {
        return true;
    }

    /** The machine wrote more or less than the head had said. */
    abstract void onMisframed();

    /** The message that goes out has ended. */
    abstract void onOutputEnd();

    @Override
    public final void pause() {
        paused = true;
        if (!processing && !closed) {
            updateDeadline(false);
        }
    }

    @Override
    public final void resume() {
        if (paused) {
            paused = false;
            process(true);
        }
    }

    /** A new exchange starts. */
    final void clearPause() {
        paused = false;
    }

    // ---- output and the channel's events

    @Override
    public void flush() {
        output.flush();
        if (!closed) {
            processOutermost(false);
        }
    }

    @Override
    public final void channelWritabilityChanged(ChannelHandlerContext ctx) {
        StreamListener to = listener();
        if (to != null && !closed && output.unblocked()) {
            to.onWritable();
        }
    }

    @Override
    public final void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent && !inputClosed && !closed) {
            inputClosed = true;
            onInputClosed();
            processOutermost(false);
        }
    }

    @Override
    public final void channelInactive(ChannelHandlerContext ctx) {
        gone();
        ctx.fireChannelInactive();
    }

    @Override
    public final void handlerRemoved(ChannelHandlerContext ctx) {
        gone();
    }

    private void gone() {
        if (!goneTold) {
            goneTold = true;
            inputClosed = true;
            if (!closed) {
                onFailure(new IOException("the connection was closed"));
            }
            output.close(); // an upstream's may stay open here until a paused machine has been told what had come
            onGone();
        }
    }

    @Override
    @SuppressWarnings("deprecation") // declared so by ChannelHandler, not by ChannelInboundHandler
    public final void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (!closed) {
            onFailure(cause);
        }
    }

    /** Logs what can only be a bug. */
    static void logBug(Throwable cause) {
        if (!(cause instanceof IOException)) {
            LOG.error("An HTTP/1.1 connection is closed for an unexpected error", cause);
        }
    }

    // ---- closing

    /** Closes at once; what was not sent is dropped. */
    final void close() {
        if (closed) {
            return;
        }
        closed = true;
        writer.stop();
        output.close();
        readDeadline.remove();
        body.reset();
        onClose();
        settle(false);
        channel.close();
    }

    /**
     * Lets go of the channel without a word, if nothing is under way in either direction: the channel stays open, without this handler and without anything of its loop's.
     *
     * @return false if something is under way
     */
    final boolean letGo() {
        if (closed || processing || inputClosed || !reading || input.isReadable() || !output.isEmpty()) {
            return false;
        }
        closed = true;
        goneTold = true;
        writer.stop();
        output.close();
        readDeadline.remove();
        body.reset();
        onClose();
        settle(false);
        channel.pipeline().remove(this);
        return true;
    }

    /** Gives back what the end holds. */
    abstract void onClose();

    /** Closes with a RST, so that the other side cannot take what it got for a whole message. */
    final void abort() {
        if (!closed && channel.isActive()) {
            try {
                channel.config().setOption(ChannelOption.SO_LINGER, 0);
            } catch (ChannelException e) {
                LOG.debug("no RST for a connection that is closed already", e);
            }
        }
        close();
    }
}
