/** Where a request goes: peers, their options, the choice among them, and name resolution. */
@NullMarked
package dev.lawu.proxy.upstream;

import org.jspecify.annotations.NullMarked;
