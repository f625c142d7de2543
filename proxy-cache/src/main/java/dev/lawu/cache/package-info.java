/** The shared response cache. Empty until its milestone: nothing here works yet. */
@NullMarked
package dev.lawu.cache;

import org.jspecify.annotations.NullMarked;
