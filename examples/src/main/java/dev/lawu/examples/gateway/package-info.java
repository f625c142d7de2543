/** The bundled gateway: a reverse proxy that a YAML file describes. It uses the library's public packages alone, as any other program would. */
@NullMarked
package dev.lawu.examples.gateway;

import org.jspecify.annotations.NullMarked;
