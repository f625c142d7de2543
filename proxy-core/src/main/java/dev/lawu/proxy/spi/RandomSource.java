package dev.lawu.proxy.spi;

import dev.lawu.proxy.Plugin;
import java.util.random.RandomGenerator;

/** Makes the random generators, one for each event loop. Plugged in by tests. Thread-safe. */
@FunctionalInterface
public interface RandomSource extends Plugin {
    /** A generator for one event loop. */
    RandomGenerator create();
}
