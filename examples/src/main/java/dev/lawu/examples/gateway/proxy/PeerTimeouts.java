package dev.lawu.examples.gateway.proxy;

import dev.lawu.proxy.upstream.PeerOptions;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A route's own timeouts, each null where the upstream's holds. Routes with different connect timeouts do not share connections. */
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
        PeerOptions.Builder result = options.toBuilder();
        result.connectTimeout(or(connect, options.connectTimeout()));
        result.responseHeadTimeout(or(responseHead, options.responseHeadTimeout()));
        result.betweenBytesTimeout(or(betweenBytes, options.betweenBytesTimeout()));
        result.writeStallTimeout(or(writeStall, options.writeStallTimeout()));
        result.tunnelIdleTimeout(or(tunnelIdle, options.tunnelIdleTimeout()));
        return result.build();
    }

    private static Duration or(@Nullable Duration own, Duration upstreams) {
        return own == null ? upstreams : own;
    }
}
