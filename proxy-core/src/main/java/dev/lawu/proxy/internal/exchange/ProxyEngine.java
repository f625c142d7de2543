package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.HttpFilter;
import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.Plugin;
import dev.lawu.proxy.ProxyOptions;
import dev.lawu.proxy.ReplayFile;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.spi.ExchangeInterceptor;
import org.jspecify.annotations.Nullable;

/** An {@link HttpProxy} made ready to run: what all its exchanges, on all event loops, share. Immutable. */
public final class ProxyEngine {
    final PhaseTable table;
    final ProxyOptions options;
    final Hygiene hygiene;
    final BlockingTasks blocking;
    final long callbackTimeoutNanos;
    final @Nullable ExchangeInterceptor interceptor;
    final Participant interceptorParticipant;
    final @Nullable ReplayDisk replayDisk;
    private final boolean[] preservesLength;

    /** Looks at the proxy once; throws {@link IllegalArgumentException} for what cannot work. */
    public ProxyEngine(HttpProxy proxy) {
        table = new PhaseTable(proxy);
        options = proxy.options();
        hygiene = new Hygiene(options);
        callbackTimeoutNanos = options.callbackTimeout().toNanos();
        ExchangeInterceptor found = null;
        for (Plugin plugin : proxy.plugins()) {
            if (!(plugin instanceof ExchangeInterceptor i)) {
                throw new IllegalArgumentException(
                        "plugins: " + plugin.getClass().getName()
                                + " (expected: an ExchangeInterceptor; what belongs to a server goes to ProxyServer.Builder)");
            }
            if (found != null) {
                throw new IllegalArgumentException("plugins: two exchange interceptors (expected: at most one)");
            }
            found = i;
        }
        interceptor = found;
        ReplayFile file = options.replayFile();
        replayDisk = file == null ? null : new ReplayDisk(file);
        blocking = new BlockingTasks(proxy.blockingExecutor(), options.blockingConcurrency(), options.blockingQueue());
        interceptorParticipant = new Participant(
                0, new Nobody(), found == null ? "none" : found.getClass().getName());
        preservesLength = new boolean[table.participants.length];
        for (Participant p : table.participants) {
            preservesLength[p.index] = p.filter.preservesLength();
        }
    }

    /** What runs blocking callbacks. */
    public BlockingTasks blocking() {
        return blocking;
    }

    /** Bytes of request bodies that are in files for another attempt. */
    public long replayFileBytes() {
        return replayDisk == null ? 0 : replayDisk.used();
    }

    boolean preservesLength(Participant participant) {
        return preservesLength[participant.index];
    }

    /** Stands for the interceptor where a participant is named; nothing of it is ever called. */
    private static final class Nobody implements HttpFilter<@Nullable Void> {
        @Override
        @SuppressWarnings("NullAway") // its state type is a nullable Void
        public @Nullable Void newContext(Session session) {
            return null;
        }
    }
}
