package dev.lawu.proxy.internal.server;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** How many connections there are, in all and of each client, and how many there may be. Thread-safe: all loops share it. */
final class ConnectionLimits {
    private final AtomicInteger all = new AtomicInteger();
    private final int most;
    private final int mostPerClient;
    /* Only clients that are connected have an entry, so there are no more than connections. Keys are compared in order where their hashes collide, so nobody can make it slow by a choice of addresses. */
    private final ConcurrentHashMap<Long, Integer> clients = new ConcurrentHashMap<>();

    ConnectionLimits(int most, int mostPerClient) {
        this.most = most;
        this.mostPerClient = mostPerClient;
    }

    /** Connections that are counted. */
    int count() {
        return all.get();
    }

    /** Clients that are counted. */
    int clients() {
        return clients.size();
    }

    /** Counts a connection; false, and it is not counted, if there are too many. */
    boolean add() {
        return addBelow(all, most);
    }

    void remove() {
        all.decrementAndGet();
    }

    /** Adds one; false if that were too many. */
    static boolean addBelow(AtomicInteger counter, int most) {
        if (counter.incrementAndGet() <= most) {
            return true;
        }
        counter.decrementAndGet();
        return false;
    }

    /** Who this address is to the limit per client; null if there is no limit. */
    @Nullable
    Long client(InetAddress address) {
        return mostPerClient == Integer.MAX_VALUE ? null : network(address);
    }

    /** An IPv4 address, or the first 64 bits of an IPv6 address. ffff:ffff::/32, where IPv4 is put, is nobody's. */
    private static Long network(InetAddress address) {
        byte[] bytes = address.getAddress();
        boolean four = address instanceof Inet4Address;
        long bits = four ? 0xFFFF_FFFFL : 0;
        for (int i = 0; i < (four ? 4 : 8); i++) {
            bits = bits << 8 | bytes[i] & 0xFF;
        }
        return bits;
    }

    /** Counts a connection of this client; false, and it is not counted, if there are too many. */
    boolean addClient(Long client) {
        int[] before = new int[1];
        clients.compute(client, (key, count) -> {
            before[0] = count == null ? 0 : count;
            return before[0] < mostPerClient ? Integer.valueOf(before[0] + 1) : count;
        });
        return before[0] < mostPerClient;
    }

    void removeClient(Long client) {
        clients.computeIfPresent(client, (key, count) -> count == 1 ? null : Integer.valueOf(count - 1));
    }
}
