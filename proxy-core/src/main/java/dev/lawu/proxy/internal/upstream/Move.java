package dev.lawu.proxy.internal.upstream;

import dev.lawu.proxy.spi.ConnectionInfo;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelPromise;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ImmediateEventExecutor;
import java.util.concurrent.RejectedExecutionException;

/**
 * An idle connection on its way from one event loop to another. It is deregistered there and registered here; in between nobody writes, flushes or closes it, and it is in nobody's list.
 *
 * <p>Until the new loop has put its own handler in, this is the channel's handler. Whatever it is told, bytes or an end, makes the connection useless, and it is closed on arrival. What happens while
 * the channel has no loop is found by the first read on the new one.
 *
 * <p>It ends once, in {@link #arrived} or {@link #lost}; until then it counts as moving and keeps the connection's permit. The promise of the registration tells any thread, because the new loop
 * may have ended: then the registration is rejected, and Netty closes the channel by force.
 */
final class Move extends ChannelInboundHandlerAdapter {
    private final UpstreamPools pools;
    private final Channel channel;
    private final UpstreamPool from;
    private final Opening taker;
    private final PeerLimits limits;
    final ConnectionInfo info;
    final int uses;
    final long lifeLeft;
    private volatile boolean spoiled;

    Move(UpstreamPools pools, PooledConnection connection, Opening taker) {
        this.pools = pools;
        this.channel = connection.channel();
        this.info = connection.info();
        this.uses = connection.uses();
        this.lifeLeft = connection.lifeLeft();
        this.from = connection.home().pool;
        this.taker = taker;
        this.limits = pools.retain(connection.home().key);
    }

    /** On the old loop; the channel has no handler. */
    void start() {
        pools.moving(1);
        channel.pipeline().addLast(this);
        channel.deregister().addListener(done -> {
            if (done.isSuccess() && !spoiled) {
                register();
            } else {
                channel.close();
                lost(CloseReason.PEER);
            }
        });
    }

    private void register() {
        // The listener comes first: added to a promise that is done, it would be told here, on the old loop.
        ChannelPromise registered = new DefaultChannelPromise(channel, ImmediateEventExecutor.INSTANCE);
        registered.addListener(done -> {
            if (done.isSuccess()) {
                arrived();
            } else {
                lost(CloseReason.SHUTDOWN); // the new loop has ended
            }
        });
        taker.home.pool.loop.loop().register(registered);
    }

    /** On the new loop, before anything is read there. */
    private void arrived() {
        channel.pipeline().remove(this);
        if (spoiled || !channel.isActive()) {
            channel.close();
            lost(CloseReason.PEER);
            return;
        }
        UpstreamPool pool = taker.home.pool;
        PeerConnections home = pool.connections(limits.key);
        PooledConnection connection = new PooledConnection(home, channel, this);
        channel.pipeline().addLast(connection.connection());
        home.arrived();
        pool.counters.upstreamTakenOver();
        pools.moving(-1);
        pools.release(limits);
        taker.received(connection, from);
    }

    /** On any thread. */
    private void lost(CloseReason why) {
        from.counters.upstreamClosed(why.text());
        pools.moving(-1);
        limits.leave();
        try {
            taker.home.pool.loop.loop().execute(() -> taker.missed(from));
        } catch (RejectedExecutionException e) {
            // Its loop has ended, and it with it.
        }
        pools.release(limits);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        spoiled = true;
        if (message instanceof ByteBuf) {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        spoiled = true; // the peer has sent FIN
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        spoiled = true;
    }

    @Override
    @SuppressWarnings("deprecation") // declared so by ChannelHandler, not by ChannelInboundHandler
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        spoiled = true;
    }
}
