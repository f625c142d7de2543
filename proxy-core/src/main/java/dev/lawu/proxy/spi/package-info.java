/**
 * How a protocol or a cache plugs into the engine. Unstable: it may change in any release, and Netty types appear in it.
 */
@NullMarked
package dev.lawu.proxy.spi;

import org.jspecify.annotations.NullMarked;
