/** Messages of HTTP, independent of the protocol that carries them. */
@NullMarked
package dev.lawu.proxy.http;

import org.jspecify.annotations.NullMarked;
