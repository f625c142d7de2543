package dev.lawu.examples.gateway.route;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds the most specific path: an exact one, else the longest prefix or regular expression. Not thread-safe while it is filled.
 *
 * <p>Prefixes, and regular expressions by what they begin with, are in a tree of segments, so that a look-up takes one step for each segment of the path and none for the other routes. It makes no
 * garbage: segments are compared where they stand.
 */
final class PathTable<T> {
    private final Map<String, Candidate<T>> exact = new HashMap<>();
    private final Segment<T> root = new Segment<>("", null, null);

    /** Adds a route in front of those of the same path. */
    void addFirst(RouteMatch match, T value) {
        PathMatch path = match.path();
        if (path.kind() == PathMatch.Kind.EXACT) {
            exact.put(path.text(), new Candidate<>(match, value, exact.get(path.text())));
            return;
        }
        String literal = path.literal();
        Segment<T> segment = root;
        int from = 1;
        while (true) {
            int slash = literal.indexOf('/', from);
            if (slash < 0) {
                break;
            }
            segment = segment.childOrNew(literal.substring(from, slash));
            from = slash + 1;
        }
        if (from == literal.length()) {
            segment.below = new Candidate<>(match, value, segment.below);
        } else {
            segment = segment.childOrNew(literal.substring(from));
            segment.hereAndBelow = new Candidate<>(match, value, segment.hereAndBelow);
        }
    }

    /** The route for the path of {@code target}, which ends at {@code end}; null if there is none. */
    @Nullable
    Candidate<T> find(String target, int end, RequestView view) {
        if (!exact.isEmpty()) {
            Candidate<T> found =
                    first(exact.get(end == target.length() ? target : target.substring(0, end)), target, end, view);
            if (found != null) {
                return found;
            }
        }
        Segment<T> segment = root;
        boolean isWhole = false;
        // Not "*" and the authority that CONNECT asks for.
        int from = end > 0 && target.charAt(0) == '/' ? 1 : -1;
        while (from > 0 && !isWhole) {
            int slash = target.indexOf('/', from);
            boolean isLast = slash < 0 || slash >= end;
            Segment<T> child = segment.child(target, from, isLast ? end : slash);
            if (child == null) {
                break;
            }
            segment = child;
            isWhole = isLast;
            from = slash + 1;
        }
        // From the longest to the shortest.
        for (Segment<T> at = segment; at != null; at = at.parent) {
            Candidate<T> found = isWhole ? null : first(at.below, target, end, view);
            isWhole = false;
            if (found == null) {
                found = first(at.hereAndBelow, target, end, view);
            }
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    private static <T> @Nullable Candidate<T> first(
            @Nullable Candidate<T> candidates, String target, int end, RequestView view) {
        Candidate<T> candidate = candidates;
        while (candidate != null && !candidate.matches(target, end, view)) {
            candidate = candidate.next;
        }
        return candidate;
    }

    /** A route whose place in the tree the path reaches; the next one is less specific. */
    static final class Candidate<T> {
        final T value;
        private final RouteMatch match;
        private final boolean isPlain;
        private final @Nullable Candidate<T> next;

        Candidate(RouteMatch match, T value, @Nullable Candidate<T> next) {
            this.match = match;
            this.value = value;
            this.next = next;
            this.isPlain = match.conditions().isEmpty() && match.path().kind() != PathMatch.Kind.REGEX;
        }

        private boolean matches(String target, int end, RequestView view) {
            return isPlain
                    || match.unmet(view) == null
                            && (match.path().kind() != PathMatch.Kind.REGEX
                                    || match.path().matches(target.substring(0, end)));
        }
    }

    /** A node of the tree: a hash table of its children, by their text. */
    private static final class Segment<T> {
        private final String text;
        private final @Nullable Segment<T> parent;
        private @Nullable Segment<T> nextInBucket;
        private @Nullable Candidate<T> hereAndBelow;
        private @Nullable Candidate<T> below;
        private @Nullable Segment<T>[] buckets = newBuckets(1);
        private int children;

        Segment(String text, @Nullable Segment<T> parent, @Nullable Segment<T> nextInBucket) {
            this.text = text;
            this.parent = parent;
            this.nextInBucket = nextInBucket;
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
                child = new Segment<>(name, this, buckets[bucket]);
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
