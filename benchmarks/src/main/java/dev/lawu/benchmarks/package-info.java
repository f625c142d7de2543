/** JMH benchmarks of what is hot. */
@NullMarked
package dev.lawu.benchmarks;

import org.jspecify.annotations.NullMarked;
