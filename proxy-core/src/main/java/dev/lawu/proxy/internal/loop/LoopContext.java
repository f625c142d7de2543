package dev.lawu.proxy.internal.loop;

import dev.lawu.proxy.spi.TimeSource;
import io.netty.channel.EventLoop;
import java.util.random.RandomGenerator;

/** An event loop and what belongs to it. Confined to the loop, but for {@link #loop()}. */
public final class LoopContext {
    private final EventLoop loop;
    private final TimeSource time;
    private final RandomGenerator random;
    private final DeadlineQueue deadlines;
    private final Flusher flusher;
    private final SectionPool sections = new SectionPool();
    private final SmallBuffers buffers = new SmallBuffers();
    private final HttpDate date;

    public LoopContext(EventLoop loop, TimeSource time, RandomGenerator random) {
        this.loop = loop;
        this.time = time;
        this.random = random;
        this.deadlines = new DeadlineQueue(loop, time);
        this.flusher = new Flusher(loop);
        this.date = new HttpDate(time);
    }

    /** The event loop. */
    public EventLoop loop() {
        return loop;
    }

    /** The clocks. */
    public TimeSource time() {
        return time;
    }

    /** Randomness. */
    public RandomGenerator random() {
        return random;
    }

    /** The loop's deadlines. */
    public DeadlineQueue deadlines() {
        return deadlines;
    }

    /** Flushes connections at the end of a turn. */
    public Flusher flusher() {
        return flusher;
    }

    /** Recycled arrays. */
    public SectionPool sections() {
        return sections;
    }

    /** Recycled buffers. */
    public SmallBuffers buffers() {
        return buffers;
    }

    /** The value of {@code Date}. */
    public HttpDate date() {
        return date;
    }
}
