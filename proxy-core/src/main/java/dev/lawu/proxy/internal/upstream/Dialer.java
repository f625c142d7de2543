package dev.lawu.proxy.internal.upstream;

import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.internal.loop.LoopContext;
import dev.lawu.proxy.spi.Transport;
import dev.lawu.proxy.upstream.NameResolver;

/** What connections are made with on one event loop. Confined to the loop. */
final class Dialer {
    private final LoopContext loop;
    private final Transport transport;
    private final NameResolver resolver;
    private final ProxyOptions limits;
    private final PoorAddresses poor;

    Dialer(LoopContext loop, Transport transport, NameResolver resolver, ProxyOptions limits) {
        this.loop = loop;
        this.transport = transport;
        this.resolver = resolver;
        this.limits = limits;
        this.poor = new PoorAddresses(loop.time());
    }

    LoopContext loop() {
        return loop;
    }

    Transport transport() {
        return transport;
    }

    NameResolver resolver() {
        return resolver;
    }

    /** The limits of heads. */
    ProxyOptions limits() {
        return limits;
    }

    /** The addresses that are tried last. */
    PoorAddresses poor() {
        return poor;
    }
}
