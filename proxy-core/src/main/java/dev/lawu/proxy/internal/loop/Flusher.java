package dev.lawu.proxy.internal.loop;

import io.netty.channel.EventLoop;
import java.util.Arrays;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Flushes each connection once a turn of its event loop: after all that the turn has read was handled, in one task for all connections. When much is waiting it is flushed earlier, while the
 * processor's cache still has it: a turn may read megabytes.
 */
public final class Flusher implements Runnable {
    private static final Logger logger = LoggerFactory.getLogger(Flusher.class);

    /** What may wait for the end of the turn: a fraction of a core's second-level cache. */
    private static final int MUCH = 128 * 1024;

    private final EventLoop loop;
    private Flushable[] waiting = new Flushable[64];
    private int count;
    private int bytes;
    private boolean scheduled;
    private boolean running;

    Flusher(EventLoop loop) {
        this.loop = loop;
    }

    /** Flushes this connection before the turn ends. The caller takes care not to add it twice. */
    public void add(Flushable connection) {
        if (count == waiting.length) {
            waiting = Arrays.copyOf(waiting, count * 2);
        }
        waiting[count++] = connection;
        if (!scheduled) {
            scheduled = true;
            loop.execute(this);
        }
    }

    /** So many bytes wait for the end of the turn. */
    public void waiting(int more) {
        bytes += more;
    }

    /** Flushes now if much is waiting. To be called where no call of the machine can be on the stack. */
    public void flushIfMuch() {
        if (bytes >= MUCH) {
            flush();
        }
    }

    @Override
    public void run() {
        scheduled = false;
        flush();
    }

    private void flush() {
        if (running) {
            return;
        }
        running = true;
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
        bytes = 0;
        running = false;
    }
}
