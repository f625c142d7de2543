package dev.lawu.proxy.internal.upstream;

import org.jspecify.annotations.Nullable;

/** The idle connections of one event loop, whatever their peers, in the order in which they became idle. */
final class IdleOrder {
    private @Nullable PooledConnection oldest;
    private @Nullable PooledConnection newest;
    private int size;

    int size() {
        return size;
    }

    @Nullable
    PooledConnection oldest() {
        return oldest;
    }

    void add(PooledConnection connection) {
        PooledConnection last = newest;
        connection.older = last;
        connection.newer = null;
        if (last == null) {
            oldest = connection;
        } else {
            last.newer = connection;
        }
        newest = connection;
        size++;
    }

    void remove(PooledConnection connection) {
        PooledConnection before = connection.older;
        PooledConnection after = connection.newer;
        if (before == null) {
            oldest = after;
        } else {
            before.newer = after;
        }
        if (after == null) {
            newest = before;
        } else {
            after.older = before;
        }
        connection.older = null;
        connection.newer = null;
        size--;
    }
}
