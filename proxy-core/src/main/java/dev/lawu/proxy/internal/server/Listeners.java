package dev.lawu.proxy.internal.server;

import dev.lawu.proxy.Listener;
import dev.lawu.proxy.ServerOptions;
import dev.lawu.proxy.spi.BindRequest;
import dev.lawu.proxy.spi.TimeSource;
import dev.lawu.proxy.spi.Transport;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The addresses that a server listens on: bound all or none, without accepting; then opened together; closed together. So nobody is served by a server that fails to start, and who connects while it
 * starts waits in the backlog.
 */
final class Listeners {
    private static final Logger logger = LoggerFactory.getLogger("dev.lawu.proxy.server");

    private static final long LOG_INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final ServerOptions options;
    private final Transport transport;
    private final EventLoopGroup loops;
    private final TimeSource time;
    private final BiConsumer<Channel, ActiveListener> accepted;
    private final List<ActiveListener> all = new ArrayList<>();
    private final AtomicLong failures = new AtomicLong();
    private final AtomicLong lastLogged;

    Listeners(
            ServerOptions options,
            Transport transport,
            EventLoopGroup loops,
            TimeSource time,
            BiConsumer<Channel, ActiveListener> accepted) {
        this.options = options;
        this.transport = transport;
        this.loops = loops;
        this.time = time;
        this.accepted = accepted;
        this.lastLogged = new AtomicLong(time.nanoTime() - LOG_INTERVAL_NANOS);
    }

    /** Binds every address. When that fails, what was bound is still there, for {@link #close}. */
    void bind() {
        for (Listener listener : options.listeners()) {
            ActiveListener active = new ActiveListener(listener);
            all.add(active);
            try {
                if (listener.address() instanceof UnixDomainSocketAddress unix) {
                    UnixSocketFile file = UnixSocketFile.prepare(unix);
                    bind(active, loops, false);
                    active.file(file);
                    file.bound();
                } else if (options.reusePort() && listener.address() instanceof InetSocketAddress) {
                    for (EventExecutor loop : loops) {
                        bind(active, (EventLoop) loop, true); // the first one finds the port, if it is 0
                    }
                } else {
                    bind(active, loops, false);
                }
            } catch (Failure e) {
                throw BindFailure.of(listener, e.getCause());
            } catch (IOException e) {
                throw BindFailure.of(listener, e);
            }
        }
    }

    /** Why a socket could not be bound, whatever kind of exception that is. */
    private static final class Failure extends Exception {
        Failure(Throwable cause) {
            super(cause);
        }
    }

    private void bind(ActiveListener active, EventLoopGroup on, boolean reusePort) throws Failure {
        ChannelFuture bound = transport.bind(new BindRequest(
                on,
                active.address(),
                options.backlog(),
                reusePort,
                channel -> created(channel, active),
                channel -> accepted.accept(channel, active)));
        bound.awaitUninterruptibly();
        Throwable cause = bound.cause();
        if (cause != null) {
            throw new Failure(cause);
        }
        active.bound(bound.channel());
    }

    private void created(Channel channel, ActiveListener active) {
        channel.config().setAutoRead(false);
        AcceptBackoff backoff = new AcceptBackoff(cause -> acceptFailed(active, cause));
        active.backoff(backoff);
        channel.pipeline().addFirst(backoff); // before what accepts, whatever the transport
    }

    /** Logged once a second at most, whatever the number of listeners. */
    private void acceptFailed(ActiveListener active, Throwable cause) {
        long count = failures.incrementAndGet();
        long now = time.nanoTime();
        long last = lastLogged.get();
        if (now - last >= LOG_INTERVAL_NANOS && lastLogged.compareAndSet(last, now)) {
            logger.warn(
                    "{}: cannot accept: {}. Accepting pauses for a moment; {} failures since the start (expected: file descriptors left; raise `ulimit -n`, or lower maxConnections)",
                    active.description(),
                    cause.getMessage(),
                    count);
        }
    }

    /** Begins to accept. */
    void open() {
        for (ActiveListener listener : all) {
            listener.open();
        }
    }

    /** Stops accepting. */
    void close() {
        for (ActiveListener listener : all) {
            listener.close();
        }
    }

    boolean areAccepting() {
        for (ActiveListener listener : all) {
            if (!listener.isAccepting()) {
                return false;
            }
        }
        return true;
    }

    /** How often accepting has failed, and paused. */
    long acceptFailures() {
        return failures.get();
    }

    List<SocketAddress> addresses() {
        List<SocketAddress> addresses = new ArrayList<>();
        for (ActiveListener listener : all) {
            addresses.add(listener.address());
        }
        return List.copyOf(addresses);
    }

    SocketAddress address(String name) {
        List<String> names = new ArrayList<>();
        for (ActiveListener listener : all) {
            if (listener.name().equals(name)) {
                return listener.address();
            }
            names.add(listener.name());
        }
        throw new IllegalArgumentException("listener: " + name + " (expected: one of " + names + ")");
    }
}
