package dev.lawu.proxy.internal.h1;

import dev.lawu.proxy.http.HttpVersion;
import dev.lawu.proxy.http.RequestHead;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.internal.h1.HeadEncoder.Framing;
import org.jspecify.annotations.Nullable;

/** What a client's connection must remember of the present request to frame its response (RFC 9112, section 6.3). */
final class RequestFacts {
    /** HEAD: the response has no body, whatever its head says. */
    private boolean head;
    /** CONNECT: a 2xx makes the connection a tunnel. */
    private boolean connect;
    /** HTTP/1.0: no chunks, no trailers, no informational responses. */
    private boolean old;
    /** The client has said that it waits for a 100 before it sends the body; none was sent, and no byte of the body has been used. */
    private boolean awaitsContinue;
    /** The client means the connection to go on. */
    private boolean clientPersists;
    /** The machine wants the connection to end. */
    private boolean ends;
    /** The protocol that the client asks to switch to. */
    private @Nullable String upgrade;

    /** Takes the head that was parsed. */
    RequestHead take(RequestParser parser, boolean bodiless) {
        old = parser.version() == HttpVersion.HTTP_1_0;
        clientPersists = parser.isPersistent();
        ends = false;
        awaitsContinue = parser.expectsContinue() && !bodiless && !old;
        RequestHead request = parser.take();
        head = request.method().equals("HEAD");
        connect = request.method().equals("CONNECT");
        upgrade = request.upgrade();
        return request;
    }

    boolean isOld() {
        return old;
    }

    /** False if the client has said that this is its last request. */
    boolean clientPersists() {
        return clientPersists;
    }

    /** True if both sides mean the connection to go on. */
    boolean mayPersist() {
        return clientPersists && !ends;
    }

    /** The connection ends with the response, whatever the client means. */
    void endConnection() {
        ends = true;
    }

    boolean awaitsContinue() {
        return awaitsContinue;
    }

    /** An informational response was sent. */
    void informed(int status) {
        awaitsContinue &= status != 100;
    }

    /** The client has not waited, or does not any more. */
    void bodyCame() {
        awaitsContinue = false;
    }

    /** True if this response makes the connection a tunnel. Throws if it switches to a protocol that nobody asked for. */
    boolean startsTunnel(ResponseHead response) {
        int status = response.status();
        if (status == 101) {
            if (upgrade == null || response.upgrade() == null) {
                throw new IllegalArgumentException("status: 101 to " + response.upgrade()
                        + " for a request to upgrade to " + upgrade + " (expected: both)");
            }
            return true;
        }
        if (status < 200) {
            throw new IllegalArgumentException("status: " + status + " (expected: 200..999, or 101)");
        }
        return connect && status < 300;
    }

    /** Starts to frame the body of this final response: says what its head needs, or null if the body is announced and missing. */
    @Nullable
    Framing startBody(ResponseHead response, boolean last, BodyEncoder body) {
        int status = response.status();
        long length = response.headers().contentLength();
        if (head || status == 304 || status == 204) {
            body.startBodiless();
            return status == 204 ? Framing.NO_LENGTH : Framing.AS_IS;
        }
        if (length >= 0) {
            body.startFixed(length);
            return last && length > 0 ? null : Framing.AS_IS;
        }
        if (last) {
            body.startFixed(0);
            return Framing.EMPTY;
        }
        if (old) {
            body.startRaw();
            return Framing.AS_IS;
        }
        body.startChunked();
        return Framing.CHUNKED;
    }
}
