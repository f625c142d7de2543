/** A proxy that listens: binds, accepts, counts, drains. */
@NullMarked
package dev.lawu.proxy.internal.server;

import org.jspecify.annotations.NullMarked;
