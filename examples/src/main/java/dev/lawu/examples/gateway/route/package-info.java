/** Which route a request takes: matches, and a table that finds the first of them at a cost that does not grow with their number. */
@NullMarked
package dev.lawu.examples.gateway.route;

import org.jspecify.annotations.NullMarked;
