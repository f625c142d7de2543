/** Protocol-neutral messages: heads, header fields, body chunks. */
@NullMarked
package dev.lawu.proxy.http;

import org.jspecify.annotations.NullMarked;
