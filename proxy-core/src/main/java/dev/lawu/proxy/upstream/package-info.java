/** Where requests go: peers, their options, the choice between them, name resolution. */
@NullMarked
package dev.lawu.proxy.upstream;

import org.jspecify.annotations.NullMarked;
