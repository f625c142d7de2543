package dev.lawu.proxy.internal.server;

import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.ServerProvider;

/** The engine of this library. */
public final class EngineServerProvider implements ServerProvider {
    @Override
    public ProxyServer start(ProxyServer.Builder builder) {
        return EngineServer.start(builder);
    }
}
