package dev.lawu.proxy.internal.server;

import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.ProxyException;
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
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.Set;

/** What a server has on one event loop: the exchanges, the pool, and the clients' connections. Confined to the loop but for its counters. */
final class ServerLoop implements ServerConnection.Owner {
    private final EngineServer server;
    final LoopContext loop;
    final LoopCounters counters = new LoopCounters();
    final CallbackWatch watch = new CallbackWatch();
    private final UpstreamPool pool;
    private final EngineLoop exchanges;
    private final Set<ServerConnection> connections = new LinkedHashSet<>();
    private boolean draining;

    ServerLoop(EngineServer server, ProxyEngine engine, LoopContext loop, UpstreamPools pools, NameResolver resolver) {
        this.server = server;
        this.loop = loop;
        this.pool = new UpstreamPool(pools, loop, resolver, counters);
        this.exchanges = new EngineLoop(engine, loop, pool, counters, watch);
    }

    void accepted(Channel channel) {
        channel.pipeline()
                .addLast(new ServerConnection(
                        channel, loop, server.options(), exchanges, new ChannelInfo(channel), this));
    }

    @Override
    public void opened(ServerConnection connection) {
        connections.add(connection);
        server.connectionOpened();
        if (draining) {
            connection.drain();
        }
    }

    @Override
    public void closed(ServerConnection connection) {
        connections.remove(connection);
        pool.clientGone(connection.connection().remoteAddress());
        server.connectionClosed();
    }

    /** Idle connections are closed; the others after their response. */
    void drain() {
        draining = true;
        counters.tellEnds(server::somethingEnded);
        for (ServerConnection connection : new ArrayList<>(connections)) {
            connection.drain();
        }
    }

    /** Closes what is left. */
    void abort() {
        for (ServerConnection connection : new ArrayList<>(connections)) {
            connection.cutOff();
        }
        exchanges.cutOff(ProxyException.internal(
                ErrorType.SHUTDOWN, "the server is closing and the drain time has passed", null));
        pool.close();
    }
}
