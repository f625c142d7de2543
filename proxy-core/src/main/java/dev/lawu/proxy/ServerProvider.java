package dev.lawu.proxy;

/** How {@link ProxyServer.Builder#start()} finds the engine, which public packages do not depend on. There is one, in this library; it is not for users. */
public interface ServerProvider {
    /** Starts a server. */
    ProxyServer start(ServerOptions options);
}
