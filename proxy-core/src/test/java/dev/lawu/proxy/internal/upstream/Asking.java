package dev.lawu.proxy.internal.upstream;

import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.spi.ClientStream;
import dev.lawu.proxy.spi.Connector;
import java.net.SocketAddress;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Somebody who asks a pool for a stream and waits for it on another thread. */
final class Asking implements Connector.Request {
    final CompletableFuture<ClientStream> opened = new CompletableFuture<>();

    @Override
    public int number() {
        return 1;
    }

    @Override
    public boolean isFresh() {
        return false;
    }

    @Override
    public @Nullable SocketAddress clientAddress() {
        return null;
    }

    @Override
    public @Nullable SocketAddress clientLocalAddress() {
        return null;
    }

    @Override
    public void onOpen(ClientStream stream, boolean reused) {
        opened.complete(stream);
    }

    @Override
    public void onFailure(ProxyException cause) {
        opened.completeExceptionally(cause);
    }
}
