/**
 * How a protocol, a transport and a cache plug in. Unstable: it may change in any release.
 *
 * <p>Buffers ({@code ByteBuf}) that are handed over in a call belong to the one who gets them. Everything about one stream happens on its event loop.
 */
@NullMarked
package dev.lawu.proxy.spi;

import org.jspecify.annotations.NullMarked;
