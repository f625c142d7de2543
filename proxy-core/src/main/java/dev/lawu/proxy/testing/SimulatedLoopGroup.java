package dev.lawu.proxy.testing;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.AbstractEventExecutorGroup;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.FutureListener;
import io.netty.util.concurrent.Ticker;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Event loops that take turns. */
final class SimulatedLoopGroup extends AbstractEventExecutorGroup implements EventLoopGroup {
    private final List<SimulatedLoop> loops = new ArrayList<>();
    private final DrivenPromise termination;
    private int nextLoop;
    private int terminated;

    SimulatedLoopGroup(Scheduler scheduler, int count, int firstIndex) {
        termination = new DrivenPromise(scheduler);
        for (int i = 0; i < count; i++) {
            SimulatedLoop loop = new SimulatedLoop(this, scheduler, firstIndex + i);
            loops.add(loop);
            loop.terminationFuture().addListener((FutureListener<Object>) future -> {
                if (++terminated == count) {
                    termination.setSuccess(null);
                }
            });
        }
    }

    List<SimulatedLoop> loops() {
        return loops;
    }

    @Override
    public EventLoop next() {
        return loops.get(nextLoop++ % loops.size());
    }

    @Override
    public Iterator<EventExecutor> iterator() {
        return List.<EventExecutor>copyOf(loops).iterator();
    }

    @Override
    public Ticker ticker() {
        return loops.get(0).ticker();
    }

    @Override
    public ChannelFuture register(Channel channel) {
        return next().register(channel);
    }

    @Override
    public ChannelFuture register(ChannelPromise promise) {
        return next().register(promise);
    }

    @Override
    @Deprecated
    public ChannelFuture register(Channel channel, ChannelPromise promise) {
        return next().register(channel, promise);
    }

    @Override
    public Future<?> shutdownGracefully(long quietPeriod, long timeout, TimeUnit unit) {
        loops.forEach(loop -> loop.shutdownGracefully(quietPeriod, timeout, unit));
        return termination;
    }

    @Override
    @Deprecated
    @SuppressWarnings("InlineMeSuggester")
    public void shutdown() {
        shutdownGracefully();
    }

    @Override
    public Future<?> terminationFuture() {
        return termination;
    }

    @Override
    public boolean isShuttingDown() {
        return loops.stream().allMatch(SimulatedLoop::isShuttingDown);
    }

    @Override
    public boolean isShutdown() {
        return loops.stream().allMatch(SimulatedLoop::isShutdown);
    }

    @Override
    public boolean isTerminated() {
        return loops.stream().allMatch(SimulatedLoop::isTerminated);
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
        return termination.await(timeout, unit);
    }
}
