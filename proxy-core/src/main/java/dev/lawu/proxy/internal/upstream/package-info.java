/** Connections to upstreams and their pools. */
@NullMarked
package dev.lawu.proxy.internal.upstream;

import org.jspecify.annotations.NullMarked;
