package dev.lawu.proxy.spi;

import dev.lawu.proxy.Plugin;
import dev.lawu.proxy.Session;
import org.jspecify.annotations.Nullable;

/**
 * The seams of an exchange that a shared cache uses: answer instead of going upstream, edit the upstream copy, tee what comes back, answer instead of an error, run without a downstream,
 * subrequests. Plugged into an {@link dev.lawu.proxy.HttpProxy}; at most one. Thread-safe.
 */
@FunctionalInterface
public interface ExchangeInterceptor extends Plugin {
    /** Called after {@code requestFilter}; null lets this exchange go by. */
    @Nullable
    Interception intercept(Session session, ExchangeControl control);
}
