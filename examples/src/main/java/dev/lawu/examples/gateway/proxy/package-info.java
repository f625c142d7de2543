/** The gateway as a program would build it: its routes and upstreams, and the proxy that follows them. */
@NullMarked
package dev.lawu.examples.gateway.proxy;

import org.jspecify.annotations.NullMarked;
