package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.Session;
import dev.lawu.proxy.http.Chunk;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.upstream.UpstreamAttempt;
import org.jspecify.annotations.Nullable;

/** The callbacks of a filter, and of the {@code ProxyHttp}, in the order of an exchange. */
enum Phase {
    NEW_CONTEXT("newContext", false),
    EARLY_REQUEST("earlyRequestFilter", false, Session.class, Object.class),
    REQUEST("requestFilter", false, Session.class, Object.class),
    LOOKUP("lookup", false),
    PROXY_UPSTREAM("proxyUpstreamFilter", false, Session.class, Object.class),
    UPSTREAM_PEER("upstreamPeer", false),
    FAIL_TO_CONNECT("failToConnect", false),
    CONNECTED("connectedToUpstream", false, Session.class, UpstreamAttempt.class, Object.class),
    UPSTREAM_REQUEST(
            "upstreamRequestFilter", false, Session.class, UpstreamAttempt.class, RequestHead.class, Object.class),
    REQUEST_BODY("requestBodyFilter", false, Session.class, UpstreamAttempt.class, Chunk.class, Object.class),
    REQUEST_TRAILER("requestTrailerFilter", false, Session.class, UpstreamAttempt.class, Headers.class, Object.class),
    UPSTREAM_RESPONSE(
            "upstreamResponseFilter", true, Session.class, UpstreamAttempt.class, ResponseHead.class, Object.class),
    UPSTREAM_RESPONSE_BODY(
            "upstreamResponseBodyFilter", true, Session.class, UpstreamAttempt.class, Chunk.class, Object.class),
    UPSTREAM_RESPONSE_TRAILER(
            "upstreamResponseTrailerFilter", true, Session.class, UpstreamAttempt.class, Headers.class, Object.class),
    STORE("upstreamResponse", false),
    RESPONSE("responseFilter", true, Session.class, ResponseHead.class, Object.class),
    RESPONSE_BODY("responseBodyFilter", true, Session.class, Chunk.class, Object.class),
    RESPONSE_TRAILER("responseTrailerFilter", true, Session.class, Headers.class, Object.class),
    ERROR_WHILE_PROXY("errorWhileProxy", false),
    ERROR("error", false),
    FAIL_TO_PROXY("failToProxy", false),
    SUPPRESS_ERROR_LOG("suppressErrorLog", false),
    REQUEST_SUMMARY("requestSummary", false),
    LOGGING("logging", true, Session.class, dev.lawu.proxy.ProxyException.class, Object.class);

    /** The method's name. */
    final String method;
    /** True if the last filter is asked first. */
    final boolean reversed;
    /** What finds the method by reflection; null for what is not a phase of filters. */
    @SuppressWarnings("ImmutableEnumChecker") // nobody writes to it
    final Class<?> @Nullable [] parameters;

    Phase(String method, boolean reversed, Class<?>... parameters) {
        this.method = method;
        this.reversed = reversed;
        this.parameters = parameters.length == 0 ? null : parameters;
    }
}
