package dev.lawu.examples.gateway.route;

import dev.lawu.proxy.http.RequestHead;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** What routes may ask about: a request, and how it came. */
public interface RequestView {
    /** The head as it came. */
    RequestHead request();

    /** Who sent it; null if that is not known. */
    @Nullable
    InetSocketAddress clientAddress();

    /** {@code http} or {@code https}. */
    String scheme();
}
