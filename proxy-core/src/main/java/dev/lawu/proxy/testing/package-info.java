/** An in-memory transport and a virtual clock, for deterministic tests of a proxy in one thread. */
@NullMarked
package dev.lawu.proxy.testing;

import org.jspecify.annotations.NullMarked;
