/** What belongs to one event loop: its clock, deadlines, flushes and recycled arrays. */
@NullMarked
package dev.lawu.proxy.internal.loop;

import org.jspecify.annotations.NullMarked;
