/** Checks and additions that a route may ask for: who may enter, and what browsers are told. */
@NullMarked
package dev.lawu.examples.gateway.filter;

import org.jspecify.annotations.NullMarked;
