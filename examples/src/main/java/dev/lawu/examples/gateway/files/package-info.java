/** Static files: from a path to a file that may be shown, to the part of it that was asked for. */
@NullMarked
package dev.lawu.examples.gateway.files;

import org.jspecify.annotations.NullMarked;
