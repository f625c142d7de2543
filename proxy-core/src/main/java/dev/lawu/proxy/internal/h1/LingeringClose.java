package dev.lawu.proxy.internal.h1;

import dev.lawu.proxy.internal.loop.Deadline;
import io.netty.buffer.ByteBuf;
import io.netty.channel.socket.DuplexChannel;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Closes a client's connection so that the client can read the last answer.
 *
 * <p>Closing a socket with unread bytes, or one that bytes still arrive for, makes the kernel send a RST, and a RST makes the client throw away what it has not read yet (RFC 9112, section 9.6). So:
 * send everything; close the direction of sending; then read and discard until the client closes, too, or has sent too much, or takes too long.
 */
final class LingeringClose {
    /** After an answer to what was refused, and after a last response. */
    private static final int BYTES = 64 * 1024;

    private static final Duration TIME = Duration.ofSeconds(2);
    /** After a response that came before the end of its request: an upload is under way. */
    private static final int EARLY_BYTES = 1024 * 1024;

    private static final Duration EARLY_TIME = Duration.ofSeconds(5);

    private final Http1Connection connection;
    private @Nullable Deadline deadline;
    private int discardLeft = EARLY_BYTES;
    private boolean waiting;

    LingeringClose(Http1Connection connection) {
        this.connection = connection;
    }

    /** Begins; {@code early} if the request has not ended. The time counts from when everything is sent; until then the limit on write stalls holds. */
    void start(boolean early) {
        Duration time = early ? EARLY_TIME : TIME;
        discardLeft = early ? EARLY_BYTES : BYTES;
        connection.output.drain().addListener(future -> {
            if (future.isSuccess()) {
                sent(time);
            } else {
                connection.close();
            }
        });
    }

    /** Closes as soon as everything is sent: the client has said that it sends no more. */
    void startWithoutWaiting() {
        connection.output.drain().addListener(future -> connection.close());
    }

    private void sent(Duration time) {
        if (connection.isClosed()) {
            return;
        }
        if (connection.isInputClosed()
                || connection.connection().isSecure()
                || !(connection.channel instanceof DuplexChannel duplex)) {
            connection.close();
            return;
        }
        duplex.shutdownOutput();
        waiting = true;
        Deadline late = new Deadline(connection.loop) {
            @Override
            protected void expired() {
                connection.close();
            }
        };
        late.set(time.toNanos());
        deadline = late;
    }

    /** Drops what came in. */
    void discard(ByteBuf in) {
        discardLeft -= in.readableBytes();
        in.skipBytes(in.readableBytes());
        if (discardLeft <= 0) {
            connection.close();
        }
    }

    /** The client closed its side, too. */
    void inputClosed() {
        if (waiting) {
            connection.close();
        }
    }

    /** The connection is closed. */
    void stop() {
        if (deadline != null) {
            deadline.remove();
        }
    }
}
