package dev.lawu.examples.gateway;

/**
 * What a route asks of a request. Immutable.
 *
 * @param host a host name in lower case, {@code *.} and a domain for all names below it, or empty for every host
 * @param path begins with a slash, with unreserved characters decoded ({@link RequestPath#decodeUnreserved})
 * @param isExact whether the whole path must be {@code path}; else it is a prefix of whole segments: {@code /api} matches {@code /api} and what is below it, {@code /api/} only what is below it
 */
record RouteMatch(String host, String path, boolean isExact) {
    /** Matches every request. */
    static final RouteMatch ALL = new RouteMatch("", "/", false);

    /** {@code HOST PATH}. */
    @Override
    public String toString() {
        return (host.isEmpty() ? "any host" : "host " + host) + ", " + (isExact ? "exactly " : "prefix ") + path;
    }
}
