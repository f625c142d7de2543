/** HTTP/1.1 and HTTP/1.0 (RFC 9112): strict parsers, an encoder, and the two ends of a connection. */
@NullMarked
package dev.lawu.proxy.internal.h1;

import org.jspecify.annotations.NullMarked;
