package dev.lawu.proxy.internal.upstream;

import dev.lawu.proxy.spi.TimeSource;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Addresses that have just failed, or lost against one that was tried later. They are tried last for ten seconds, so that not every connection waits for them. Confined to a loop. */
final class PoorAddresses {
    private static final int MOST = 256;
    private static final long MEMORY = TimeUnit.SECONDS.toNanos(10);

    private final TimeSource time;
    /** Until when, the oldest first. */
    private final LinkedHashMap<SocketAddress, Long> until = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<SocketAddress, Long> eldest) {
            return size() > MOST;
        }
    };

    PoorAddresses(TimeSource time) {
        this.time = time;
    }

    void add(SocketAddress address) {
        until.remove(address);
        until.put(address, time.nanoTime() + MEMORY);
    }

    void remove(SocketAddress address) {
        until.remove(address);
    }

    /** These addresses in their order, the poor ones behind the others. */
    List<SocketAddress> order(List<SocketAddress> addresses) {
        if (until.isEmpty() || addresses.size() == 1) {
            return addresses;
        }
        long now = time.nanoTime();
        until.values().removeIf(end -> now - end >= 0);
        List<SocketAddress> ordered = new ArrayList<>(addresses.size());
        List<SocketAddress> last = new ArrayList<>();
        for (SocketAddress address : addresses) {
            (until.containsKey(address) ? last : ordered).add(address);
        }
        ordered.addAll(last);
        return ordered;
    }
}
