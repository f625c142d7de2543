package dev.lawu.proxy.internal.server;

import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.internal.exchange.CallbackWatch;
import dev.lawu.proxy.internal.exchange.EngineLoop;
import dev.lawu.proxy.internal.exchange.ProxyEngine;
import dev.lawu.proxy.internal.h1.ServerConnection;
import dev.lawu.proxy.internal.loop.LoopContext;
import dev.lawu.proxy.internal.loop.LoopCounters;
import dev.lawu.proxy.internal.transport.ChannelInfo;
import dev.lawu.proxy.internal.upstream.UpstreamPool;
import dev.lawu.proxy.internal.upstream.UpstreamPools;
import dev.lawu.proxy.upstream.NameResolver;
import io.netty.channel.Channel;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a server has on one event loop: the exchanges, the pool, and the clients' connections. Confined to the loop but for its counters. */
final class ServerLoop {
    private static final Logger refusals = LoggerFactory.getLogger("dev.lawu.proxy.refused");

    private final EngineServer server;
    final LoopContext loop;
    final LoopCounters counters = new LoopCounters();
    final CallbackWatch watch = new CallbackWatch();
    final LoopLag lag;
    private final UpstreamPool pool;
    private final EngineLoop exchanges;
    private final Set<ServerConnection> connections = new LinkedHashSet<>();
    private final Set<Admission> admissions = new LinkedHashSet<>();
    private boolean draining;
    private boolean aborted;

    ServerLoop(EngineServer server, ProxyEngine engine, LoopContext loop, UpstreamPools pools, NameResolver resolver) {
        this.server = server;
        this.loop = loop;
        this.lag = new LoopLag(loop);
        this.pool = new UpstreamPool(pools, loop, resolver, counters);
        this.exchanges = new EngineLoop(engine, loop, pool, counters, watch);
    }

    void accepted(Channel channel, ActiveListener listener) {
        if (draining) {
            channel.close();
            return;
        }
        if (!limits().add()) {
            refused("max-connections", listener, channel.remoteAddress(), "the server has as many as it may");
            channel.close();
            return;
        }
        if (!listener.addConnection()) {
            limits().remove();
            refused("max-connections-of-listener", listener, channel.remoteAddress(), "it has as many as it may");
            channel.close();
            return;
        }
        AcceptedConnection connection = new AcceptedConnection(channel, this, listener);
        if (listener.needsAdmission()) {
            channel.pipeline().addLast(new Admission(connection));
        } else if (connection.isWithinLimit(connection.peer())) {
            connection.serve(null, null);
        } else {
            connection.gone();
        }
    }

    ServerConnection newConnection(Channel channel, ChannelInfo info, ServerConnection.Owner owner) {
        return new ServerConnection(channel, loop, options(), exchanges, info, owner);
    }

    /** Counts and logs a connection that is closed before any of its HTTP is read. */
    void refused(String reason, ActiveListener listener, @Nullable SocketAddress from, String detail) {
        counters.refused(reason);
        if (refusals.isInfoEnabled()) {
            refusals.info("{} on {} closed, {}: {}", from, listener.name(), reason, detail);
        }
    }

    ProxyOptions options() {
        return server.options();
    }

    ConnectionLimits limits() {
        return server.limits();
    }

    /** Connections that have not come to HTTP yet. */
    Set<Admission> admissions() {
        return admissions;
    }

    void opened(ServerConnection connection) {
        connections.add(connection);
        if (draining) {
            connection.drain();
        }
    }

    void closed(ServerConnection connection) {
        connections.remove(connection);
        pool.clientGone(connection.connection().remoteAddress());
    }

    /** A connection is off the counts of its listener and client. */
    void connectionGone() {
        limits().remove();
        server.somethingEnded();
    }

    /** Idle connections are closed; the others after their response. */
    void drain() {
        draining = true;
        counters.tellEnds(server::somethingEnded);
        for (Admission admission : new ArrayList<>(admissions)) {
            admission.close();
        }
        for (ServerConnection connection : new ArrayList<>(connections)) {
            connection.drain();
        }
    }

    /** Closes what is left. */
    void abort() {
        if (aborted) {
            return;
        }
        aborted = true;
        draining = true;
        for (Admission admission : new ArrayList<>(admissions)) {
            admission.close();
        }
        for (ServerConnection connection : new ArrayList<>(connections)) {
            connection.cutOff();
        }
        exchanges.cutOff(ProxyException.internal(
                ErrorType.SHUTDOWN, "the server is closing and the drain time has passed", null));
        pool.close();
    }
}
