package dev.lawu.proxy.internal.loop;

import io.netty.channel.EventLoop;
import java.util.Arrays;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Flushes each connection once a turn of its event loop: after all that the turn has read was handled, in one task for all connections. */
public final class Flusher implements Runnable {
    private static final Logger logger = LoggerFactory.getLogger(Flusher.class);

    private final EventLoop loop;
    private Flushable[] waiting = new Flushable[64];
    private int count;

    Flusher(EventLoop loop) {
        this.loop = loop;
    }

    /** Flushes this connection before the turn ends. The caller takes care not to add it twice. */
    public void add(Flushable connection) {
        if (count == waiting.length) {
            waiting = Arrays.copyOf(waiting, count * 2);
        }
        waiting[count++] = connection;
        if (count == 1) {
            loop.execute(this);
        }
    }

    @Override
    public void run() {
        // A flush may add others: they are flushed in this run, too.
        int i = 0;
        while (i < count) {
            Flushable connection = waiting[i];
            waiting[i++] = null;
            try {
                connection.flush();
            } catch (Throwable e) {
                // A bug, but one connection's: the others must not wait for ever.
                logger.error("flushing a connection failed", e);
            }
        }
        count = 0;
    }
}
