package dev.lawu.proxy;

import java.util.concurrent.CompletionStage;

/**
 * Something that lives as long as a server: a configuration watcher, a health checker, a registration. Given to {@link ProxyServer.Builder#service}.
 *
 * <p>Services start in the order in which they were added, when every address is bound and before the first connection is accepted, so a request never sees one that is not started. They stop in reverse
 * order, when the last request has ended or the drain time has passed, so a request never sees one that is stopped, either.
 */
public interface BackgroundService {
    /** What logs and errors call it. Default: the name of its class. */
    default String name() {
        return getClass().getName();
    }

    /**
     * Starts it. Called on the thread that starts the server, which waits for it.
     *
     * @param server the server, which listens and does not accept yet
     * @throws Exception to make the server's start fail; services that were started before are stopped
     */
    void start(ProxyServer server) throws Exception;

    /**
     * Stops it. Called on the proxy's blocking executor, once, if {@link #start} has returned.
     *
     * @return complete when it has stopped. The server waits for that, but for all services together no longer than {@link ProxyServer.Builder#serviceStopTimeout}
     */
    CompletionStage<Void> stop();
}
