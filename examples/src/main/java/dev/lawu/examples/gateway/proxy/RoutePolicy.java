package dev.lawu.examples.gateway.proxy;

import dev.lawu.examples.gateway.action.ErrorPages;
import dev.lawu.examples.gateway.action.HeaderEdits;
import dev.lawu.examples.gateway.action.PathRewrite;
import dev.lawu.examples.gateway.action.Template;
import dev.lawu.examples.gateway.filter.BasicAuth;
import dev.lawu.examples.gateway.filter.ClientAccess;
import dev.lawu.examples.gateway.filter.Cors;
import dev.lawu.examples.gateway.filter.RequestCheck;
import dev.lawu.examples.gateway.filter.SecurityHeaders;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a route does beside sending requests on. Immutable. */
public final class RoutePolicy {
    /** Nothing. */
    public static final RoutePolicy NONE = builder().build();

    private final Builder settings;

    private RoutePolicy(Builder settings) {
        this.settings = settings;
    }

    /** Begins with nothing. */
    public static Builder builder() {
        return new Builder();
    }

    /** Another one that begins with the same. */
    public Builder toBuilder() {
        return settings.copy();
    }

    PathRewrite rewrite() {
        return settings.rewrite;
    }

    @Nullable
    Template upstreamHost() {
        return settings.upstreamHost;
    }

    HeaderEdits requestHeaders() {
        return settings.requestHeaders;
    }

    HeaderEdits responseHeaders() {
        return settings.responseHeaders;
    }

    ErrorPages errorPages() {
        return settings.errorPages;
    }

    /** -1 for no limit. */
    long maxBody() {
        return settings.maxBody;
    }

    PeerTimeouts timeouts() {
        return settings.timeouts;
    }

    RetryPolicy retries() {
        return settings.retries;
    }

    @Nullable
    Cors cors() {
        return settings.cors;
    }

    @Nullable
    SecurityHeaders securityHeaders() {
        return settings.securityHeaders;
    }

    /** What a request must pass, in this order: its address, a preflight's answer, a password, which a preflight has not. */
    List<RequestCheck> checks() {
        List<RequestCheck> checks = new ArrayList<>();
        if (settings.clients != null) {
            checks.add(settings.clients);
        }
        if (settings.cors != null) {
            checks.add(settings.cors);
        }
        if (settings.basicAuth != null) {
            checks.add(settings.basicAuth);
        }
        return checks;
    }

    /** True if heads are edited, either way. */
    boolean editsHeads() {
        return !settings.rewrite.isNone()
                || settings.upstreamHost != null
                || !settings.requestHeaders.isEmpty()
                || marksResponses();
    }

    /** True if responses are edited or replaced. */
    boolean marksResponses() {
        return !settings.responseHeaders.isEmpty()
                || !settings.errorPages.pages().isEmpty()
                || settings.cors != null
                || settings.securityHeaders != null;
    }

    /** Collects settings. Not thread-safe. */
    public static final class Builder implements Cloneable {
        private PathRewrite rewrite = PathRewrite.NONE;
        private @Nullable Template upstreamHost;
        private HeaderEdits requestHeaders = HeaderEdits.NONE;
        private HeaderEdits responseHeaders = HeaderEdits.NONE;
        private ErrorPages errorPages = ErrorPages.NONE;
        private long maxBody = -1;
        private PeerTimeouts timeouts = PeerTimeouts.NONE;
        private RetryPolicy retries = RetryPolicy.DEFAULT;
        private @Nullable ClientAccess clients;
        private @Nullable Cors cors;
        private @Nullable BasicAuth basicAuth;
        private @Nullable SecurityHeaders securityHeaders;

        private Builder() {}

        /** What is done to the path on its way upstream. */
        public Builder rewrite(PathRewrite value) {
            rewrite = value;
            return this;
        }

        /** The {@code Host} that the upstream gets; null for the client's. */
        public Builder upstreamHost(@Nullable Template value) {
            upstreamHost = value;
            return this;
        }

        /** Edits of what is sent upstream. */
        public Builder requestHeaders(HeaderEdits value) {
            requestHeaders = value;
            return this;
        }

        /** Edits of what the client gets, error answers included. */
        public Builder responseHeaders(HeaderEdits value) {
            responseHeaders = value;
            return this;
        }

        /** Bodies of error answers. */
        public Builder errorPages(ErrorPages value) {
            errorPages = value;
            return this;
        }

        /** The most bytes of a request's body, else 413; -1 for no limit. */
        public Builder maxBody(long value) {
            maxBody = value;
            return this;
        }

        /** Timeouts in place of the upstream's. */
        public Builder timeouts(PeerTimeouts value) {
            timeouts = value;
            return this;
        }

        /** When a request is sent again. */
        public Builder retries(RetryPolicy value) {
            retries = value;
            return this;
        }

        /** Which addresses may ask; null for all. */
        public Builder clients(@Nullable ClientAccess value) {
            clients = value;
            return this;
        }

        /** Which other sites' pages may ask; null leaves that to the upstream. */
        public Builder cors(@Nullable Cors value) {
            cors = value;
            return this;
        }

        /** Whose password is asked for; null for none. */
        public Builder basicAuth(@Nullable BasicAuth value) {
            basicAuth = value;
            return this;
        }

        /** Fields that make browsers careful; null for none. */
        public Builder securityHeaders(@Nullable SecurityHeaders value) {
            securityHeaders = value;
            return this;
        }

        /** What it says now. */
        public RoutePolicy build() {
            return new RoutePolicy(copy());
        }

        private Builder copy() {
            try {
                return (Builder) clone();
            } catch (CloneNotSupportedException e) {
                throw new AssertionError(e);
            }
        }
    }
}
