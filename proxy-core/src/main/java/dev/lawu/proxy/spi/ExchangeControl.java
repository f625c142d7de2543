package dev.lawu.proxy.spi;

import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.http.RequestHead;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What an {@link Interception} may do with its exchange beyond answering. On the exchange's event loop. */
public interface ExchangeControl {
    /**
     * Runs another exchange through the whole proxy, with a context of its own and no client: what it answers goes only through the seams. Ends before {@code ended} is told.
     *
     * @param head a copy that belongs to the subrequest from now on; no body, and no {@code Upgrade}, which is removed. {@link IllegalArgumentException} for CONNECT
     * @param ended told how it ended, null for success
     */
    void subrequest(RequestHead head, Consumer<@Nullable ProxyException> ended);
}
