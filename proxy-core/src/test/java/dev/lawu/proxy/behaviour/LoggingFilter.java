package dev.lawu.proxy.behaviour;

import dev.lawu.proxy.HttpFilter;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.Session;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A filter that only notes what {@code logging} is told; a null error is noted as {@code ok}. */
final class LoggingFilter implements HttpFilter<Object> {
    final List<String> logged = Collections.synchronizedList(new ArrayList<>());

    @Override
    public Object newContext(Session session) {
        return this;
    }

    @Override
    public void logging(Session session, @Nullable ProxyException error, Object state) {
        logged.add(error == null ? "ok" : error.toString());
    }
}
