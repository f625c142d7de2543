package dev.lawu.examples.gateway.action;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import dev.lawu.examples.gateway.route.RequestPath;
import dev.lawu.examples.gateway.route.RequestView;
import dev.lawu.proxy.AttributeKey;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** What the variables of a route's {@linkplain Template templates} stand for in one request. For its event loop, or for the callable that its exchange waits for. */
public abstract class RequestVariables implements RequestView {
    // What few requests need is left in the session, so that the many do not carry it.
    private static final AttributeKey<String> ID = AttributeKey.named("gateway.request-id");
    private static final AttributeKey<Matcher> GROUPS = AttributeKey.named("gateway.groups");

    private final Session session;

    /** The variables of this request. */
    protected RequestVariables(Session session) {
        this.session = session;
    }

    /** Where the request's id comes from. */
    protected abstract RequestIds ids();

    /** The exchange. */
    public final Session session() {
        return session;
    }

    @Override
    public final RequestHead request() {
        return session.request();
    }

    @Override
    public final @Nullable InetSocketAddress clientAddress() {
        return session.clientAddress();
    }

    @Override
    public final String scheme() {
        return session.scheme();
    }

    /** The client's address without its port; {@code unknown} where the transport has none. */
    public final String clientHost() {
        InetSocketAddress client = session.clientAddress();
        if (client == null) {
            return "unknown";
        }
        return client.getAddress() == null
                ? client.getHostString()
                : client.getAddress().getHostAddress();
    }

    /** The id of this request: the same whenever it is asked for. */
    public final String requestId() {
        String id = session.attribute(ID);
        if (id == null) {
            id = ids().idOf(session);
            session.attribute(ID, id);
        }
        return id;
    }

    /** What a group of the route's regular expression matched; empty if it took no part. */
    final String group(Pattern pattern, int group) {
        Matcher matcher = session.attribute(GROUPS);
        if (matcher == null) {
            matcher = pattern.matcher(
                    RequestPath.decodeUnreserved(session.request().path()));
            if (!matcher.matches()) {
                return "";
            }
            session.attribute(GROUPS, matcher);
        }
        String text = matcher.group(group);
        return text == null ? "" : text;
    }

    /** {@code HOST:PORT} of the peer; empty if there is none. */
    final String peer() {
        UpstreamAttempt attempt = session.attempt();
        return attempt == null || attempt.peer() == null ? "" : attempt.peer().toString();
    }
}
