/** The programming model: what a user implements, and the server that runs it. */
@NullMarked
package dev.lawu.proxy;

import org.jspecify.annotations.NullMarked;
