/** The bundled gateway, and one-file examples named by task. */
@NullMarked
package dev.lawu.examples;

import org.jspecify.annotations.NullMarked;
