/** HTTP/3 listeners and connectors. Empty until its milestone: nothing here works yet. */
@NullMarked
package dev.lawu.http3;

import org.jspecify.annotations.NullMarked;
