/** Reads the gateway's file, with all of its mistakes told at once. */
@NullMarked
package dev.lawu.examples.gateway.config;

import org.jspecify.annotations.NullMarked;
