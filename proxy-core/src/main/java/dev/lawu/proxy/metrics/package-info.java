/** A binding to Micrometer. Needs {@code io.micrometer:micrometer-core} on the class path, which the library does not bring along. */
@NullMarked
package dev.lawu.proxy.metrics;

import org.jspecify.annotations.NullMarked;
