package dev.lawu.examples.gateway.action;

import dev.lawu.proxy.FilterResult;

/** What a route answers by itself, without an upstream. Thread-safe. */
public interface Answer {
    /** Called on the event loop of the exchange, once. */
    FilterResult answer(RequestVariables variables);
}
