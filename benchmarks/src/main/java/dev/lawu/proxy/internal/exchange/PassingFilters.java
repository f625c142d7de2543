package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.ChunkResult;
import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.HttpFilter;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.http.Chunk;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Filters that do nothing, so that what is left is what calling them costs.
 *
 * <p>Each is of a class of its own, as in a real proxy: with ten of one class the compiler would inline them all.
 */
final class PassingFilters {
    private PassingFilters() {}

    /** Filters that take part in four phases of heads, and in {@code logging}. */
    static List<HttpFilter<?>> ofHeads(int count) {
        return make(OfHeads.class, count);
    }

    /** The same that see each chunk of the response's body, too. */
    static List<HttpFilter<?>> ofHeadsAndBodies(int count) {
        return make(OfHeadsAndBodies.class, count);
    }

    private static List<HttpFilter<?>> make(Class<? extends HttpFilter<?>> pattern, int count) {
        String file = pattern.getName().substring(pattern.getPackageName().length() + 1) + ".class";
        try (InputStream in = pattern.getResourceAsStream(file)) {
            if (in == null) {
                throw new IllegalStateException("no " + file + " (expected: beside " + PassingFilters.class + ")");
            }
            byte[] code = in.readAllBytes();
            List<HttpFilter<?>> filters = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                Class<?> copy =
                        MethodHandles.lookup().defineHiddenClass(code, true).lookupClass();
                filters.add((HttpFilter<?>) copy.getDeclaredConstructor().newInstance());
            }
            return filters;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(pattern.getName(), e);
        }
    }

    private static class OfHeads implements HttpFilter<@Nullable Void> {
        OfHeads() {}

        @Override
        @SuppressWarnings("NullAway") // its state type is a nullable Void
        public @Nullable Void newContext(Session session) {
            return null;
        }

        @Override
        public FilterResult requestFilter(Session session, @Nullable Void state) {
            return FilterResult.proceed();
        }

        @Override
        public FilterResult upstreamRequestFilter(
                Session session, UpstreamAttempt attempt, RequestHead head, @Nullable Void state) {
            return FilterResult.proceed();
        }

        @Override
        public FilterResult upstreamResponseFilter(
                Session session, UpstreamAttempt attempt, ResponseHead head, @Nullable Void state) {
            return FilterResult.proceed();
        }

        @Override
        public FilterResult responseFilter(Session session, ResponseHead head, @Nullable Void state) {
            return FilterResult.proceed();
        }

        @Override
        public void logging(Session session, @Nullable ProxyException error, @Nullable Void state) {}
    }

    private static final class OfHeadsAndBodies extends OfHeads {
        OfHeadsAndBodies() {}

        @Override
        public ChunkResult responseBodyFilter(Session session, Chunk chunk, @Nullable Void state) {
            return ChunkResult.forward();
        }

        @Override
        public boolean preservesLength() {
            return true;
        }
    }
}
