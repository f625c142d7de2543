package dev.lawu.examples.gateway.filter;

import dev.lawu.examples.gateway.action.RequestVariables;
import dev.lawu.proxy.FilterResult;

/** Decides whether a request may go on. Thread-safe. */
public interface RequestCheck {
    /** {@link FilterResult#proceed()} if it may; else the answer, or a blocking callable that finds out. */
    FilterResult check(RequestVariables variables);
}
