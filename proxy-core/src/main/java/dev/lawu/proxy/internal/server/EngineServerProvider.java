package dev.lawu.proxy.internal.server;

import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.ServerOptions;
import dev.lawu.proxy.ServerProvider;

/** The engine of this library. */
public final class EngineServerProvider implements ServerProvider {
    @Override
    public ProxyServer start(ServerOptions options) {
        return EngineServer.start(options);
    }
}
