package dev.lawu.proxy.internal.server;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Pauses a listening socket when it cannot accept, above all because the process has no file descriptors left: the connection that could not be accepted stays in the backlog, so the socket would be ready
 * again at once, and the loop would do nothing else. Each failure in a row doubles the pause. Confined to the loop of the socket, but for {@link #isPaused}.
 */
final class AcceptBackoff extends ChannelInboundHandlerAdapter {
    static final long FIRST_MILLIS = 50;
    static final long LONGEST_MILLIS = 1000;

    private final Consumer<Throwable> failed;
    private long nextMillis = FIRST_MILLIS;
    private volatile boolean paused;

    /** {@code failed} is told each failure. */
    AcceptBackoff(Consumer<Throwable> failed) {
        this.failed = failed;
    }

    boolean isPaused() {
        return paused;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        nextMillis = FIRST_MILLIS;
        ctx.fireChannelRead(message);
    }

    /** Told by the transport when accepting fails. Not passed on: the acceptor behind it would pause in its own way. */
    @Override
    @SuppressWarnings("deprecation") // declared so by ChannelHandler, not by ChannelInboundHandler
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        failed.accept(cause);
        if (paused) {
            return;
        }
        paused = true;
        ctx.channel().config().setAutoRead(false);
        ctx.executor()
                .schedule(
                        () -> {
                            paused = false;
                            ctx.channel().config().setAutoRead(true);
                        },
                        nextMillis,
                        TimeUnit.MILLISECONDS);
        nextMillis = Math.min(2 * nextMillis, LONGEST_MILLIS);
    }
}
