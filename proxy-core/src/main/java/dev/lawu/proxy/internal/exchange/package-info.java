/** The exchange machine: what happens to one request, whatever protocols carry it. */
@NullMarked
package dev.lawu.proxy.internal.exchange;

import org.jspecify.annotations.NullMarked;
