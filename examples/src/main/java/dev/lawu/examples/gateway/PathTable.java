package dev.lawu.examples.gateway;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds the most specific path: an exact one, else the longest prefix. Not thread-safe while it is filled.
 *
 * <p>Prefixes are in a tree of segments, so that a look-up takes one step for each segment of the path and none for the other routes. It makes no garbage: segments are compared where they stand.
 */
final class PathTable<T> {
    private final Map<String, T> exact = new HashMap<>();
    private final Segment<T> root = new Segment<>("", null);

    /** Adds a value and returns true, unless there is one for this path. */
    boolean add(String path, boolean isExact, T value) {
        if (isExact) {
            return exact.putIfAbsent(path, value) == null;
        }
        Segment<T> segment = root;
        int from = 1;
        while (true) {
            int slash = path.indexOf('/', from);
            if (slash < 0) {
                break;
            }
            segment = segment.childOrNew(path.substring(from, slash));
            from = slash + 1;
        }
        if (from == path.length()) {
            return segment.setBelow(value);
        }
        return segment.childOrNew(path.substring(from)).setHereAndBelow(value);
    }

    /** The value for the path that ends at {@code end}; null if there is none. */
    @Nullable
    T find(String target, int end) {
        if (!exact.isEmpty()) {
            T value = exact.get(end == target.length() ? target : target.substring(0, end));
            if (value != null) {
                return value;
            }
        }
        T best = root.below;
        if (end == 0 || target.charAt(0) != '/') {
            return best; // "*" and the authority that CONNECT asks for
        }
        @Nullable Segment<T> segment = root;
        int from = 1;
        while (true) {
            int slash = target.indexOf('/', from);
            boolean isLast = slash < 0 || slash >= end;
            segment = segment.child(target, from, isLast ? end : slash);
            if (segment == null) {
                return best;
            }
            if (segment.hereAndBelow != null) {
                best = segment.hereAndBelow;
            }
            if (isLast) {
                return best;
            }
            if (segment.below != null) {
                best = segment.below;
            }
            from = slash + 1;
        }
    }

    /** A node of the tree: a hash table of its children, by their text. */
    private static final class Segment<T> {
        private final String text;
        private @Nullable Segment<T> nextInBucket;
        private @Nullable T hereAndBelow;
        private @Nullable T below;
        private @Nullable Segment<T>[] buckets = newBuckets(1);
        private int children;

        Segment(String text, @Nullable Segment<T> nextInBucket) {
            this.text = text;
            this.nextInBucket = nextInBucket;
        }

        boolean setHereAndBelow(T value) {
            boolean isFree = hereAndBelow == null;
            hereAndBelow = isFree ? value : hereAndBelow;
            return isFree;
        }

        boolean setBelow(T value) {
            boolean isFree = below == null;
            below = isFree ? value : below;
            return isFree;
        }

        @Nullable
        Segment<T> child(String target, int from, int to) {
            if (children == 0) {
                return null;
            }
            Segment<T> child = buckets[hash(target, from, to) & buckets.length - 1];
            while (child != null && !(child.text.length() == to - from && target.startsWith(child.text, from))) {
                child = child.nextInBucket;
            }
            return child;
        }

        Segment<T> childOrNew(String name) {
            Segment<T> child = child(name, 0, name.length());
            if (child == null) {
                if (children == buckets.length) {
                    grow();
                }
                children++;
                int bucket = hash(name, 0, name.length()) & buckets.length - 1;
                child = new Segment<>(name, buckets[bucket]);
                buckets[bucket] = child;
            }
            return child;
        }

        private void grow() {
            @Nullable Segment<T>[] old = buckets;
            buckets = newBuckets(old.length * 4);
            for (Segment<T> chain : old) {
                Segment<T> child = chain;
                while (child != null) {
                    Segment<T> next = child.nextInBucket;
                    int bucket = hash(child.text, 0, child.text.length()) & buckets.length - 1;
                    child.nextInBucket = buckets[bucket];
                    buckets[bucket] = child;
                    child = next;
                }
            }
        }

        @SuppressWarnings({"unchecked", "rawtypes"}) // arrays have no type parameters
        private static <T> @Nullable Segment<T>[] newBuckets(int length) {
            return (@Nullable Segment<T>[]) new Segment[length];
        }

        private static int hash(String text, int from, int to) {
            int hash = 0;
            for (int i = from; i < to; i++) {
                hash = 31 * hash + text.charAt(i);
            }
            return hash ^ hash >>> 15;
        }
    }
}
