package dev.lawu.examples.gateway.proxy;

import dev.lawu.proxy.upstream.PeerOptions;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A route's own timeouts, each null where the upstream's holds. A peer has connections of its own for each different set. */
public record PeerTimeouts(
        @Nullable Duration connect,
        @Nullable Duration responseHead,
        @Nullable Duration betweenBytes,
        @Nullable Duration writeStall,
        @Nullable Duration tunnelIdle) {
    /** The upstream's hold. */
    public static final PeerTimeouts NONE = new PeerTimeouts(null, null, null, null, null);

    /** The upstream's options with these in their place. */
    PeerOptions over(PeerOptions options) {
        PeerOptions result = options;
        result = connect == null ? result : result.withConnectTimeout(connect);
        result = responseHead == null ? result : result.withResponseHeadTimeout(responseHead);
        result = betweenBytes == null ? result : result.withBetweenBytesTimeout(betweenBytes);
        result = writeStall == null ? result : result.withWriteStallTimeout(writeStall);
        return tunnelIdle == null ? result : result.withTunnelIdleTimeout(tunnelIdle);
    }
}
