package dev.lawu.proxy.spi;

import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import org.jspecify.annotations.Nullable;

/** One exchange that an {@link ExchangeInterceptor} takes part in. Called on its event loop, in the order of the methods; what it throws fails the exchange as an internal error. */
public interface Interception {
    /** Whether to answer instead of going upstream; may be pending. The answer's source is {@code CACHE}. */
    default FilterResult lookup() {
        return FilterResult.proceed();
    }

    /** Edits the copy that goes upstream, after {@code upstreamRequestFilter}. */
    default void upstreamRequest(UpstreamAttempt attempt, RequestHead head) {}

    /** Sees the final response head after {@code upstreamResponseFilter}; to answer instead of it lets the upstream go. May be pending. */
    default FilterResult upstreamResponse(UpstreamAttempt attempt, ResponseHead head) {
        return FilterResult.proceed();
    }

    /** Asked once {@link #upstreamResponse} has said to proceed: who else gets the body; null for nobody. */
    default @Nullable BodyTee tee(ResponseHead head) {
        return null;
    }

    /** Whether to answer instead of an error, asked before {@code failToProxy}; may be pending. */
    default FilterResult error(ProxyException error) {
        return FilterResult.proceed();
    }

    /** Asked when the client has left: true lets the attempt go on for the tee's sake, also before there is one. */
    default boolean continuesWithoutClient() {
        return false;
    }

    /** The exchange is over; before {@code logging}. */
    default void ended(@Nullable ProxyException error) {}
}
