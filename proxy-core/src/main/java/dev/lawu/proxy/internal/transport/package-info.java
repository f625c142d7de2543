/** Sockets and name resolution, by Netty. */
@NullMarked
package dev.lawu.proxy.internal.transport;

import org.jspecify.annotations.NullMarked;
