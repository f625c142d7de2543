package dev.lawu.examples.gateway.action;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import dev.lawu.examples.gateway.route.RequestPath;
import dev.lawu.examples.gateway.route.RequestView;
import dev.lawu.proxy.Session;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** What the variables of a route's {@linkplain Template templates} stand for in one request. For its event loop, or for the callable that its exchange waits for. */
public class RequestVariables implements RequestView {
    private final Session session;
    private final RequestIds ids;
    private @Nullable String requestId;
    private @Nullable Matcher groups;

    /**
     * The variables of this request.
     *
     * @param ids where its id comes from
     */
    public RequestVariables(Session session, RequestIds ids) {
        this.session = session;
        this.ids = ids;
    }

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
        String id = requestId;
        if (id == null) {
            id = ids.idOf(session);
            requestId = id;
        }
        return id;
    }

    /** What a group of the route's regular expression matched; empty if it took no part. */
    final String group(Pattern pattern, int group) {
        Matcher matcher = groups;
        if (matcher == null) {
            matcher = pattern.matcher(RequestPath.decodeUnreserved(session.request().path()));
            if (!matcher.matches()) {
                return "";
            }
            groups = matcher;
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
