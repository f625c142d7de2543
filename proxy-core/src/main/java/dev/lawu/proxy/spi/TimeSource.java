package dev.lawu.proxy.spi;

import dev.lawu.proxy.Plugin;

/** The monotonic and the wall clock. Plugged in by tests. Thread-safe. */
public interface TimeSource extends Plugin {
    /** The system's clocks. */
    TimeSource SYSTEM = new TimeSource() {
        @Override
        public long nanoTime() {
            return System.nanoTime();
        }

        @Override
        public long currentTimeMillis() {
            return System.currentTimeMillis();
        }
    };

    /** As {@link System#nanoTime()}. */
    long nanoTime();

    /** As {@link System#currentTimeMillis()}. */
    long currentTimeMillis();
}
