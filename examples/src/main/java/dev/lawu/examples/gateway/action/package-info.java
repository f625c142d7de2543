/** What a route does with a request and its response: answers, redirects, rewrites, edits of fields. */
@NullMarked
package dev.lawu.examples.gateway.action;

import org.jspecify.annotations.NullMarked;
