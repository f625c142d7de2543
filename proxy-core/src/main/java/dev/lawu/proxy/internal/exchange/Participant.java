package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.HttpFilter;

/** A filter, or the {@code ProxyHttp}, at its place in the order. Immutable. */
final class Participant {
    final int index;
    final HttpFilter<Object> filter;
    final String name;

    @SuppressWarnings("unchecked") // its state is only ever what its own newContext made
    Participant(int index, HttpFilter<?> filter, String name) {
        this.index = index;
        this.filter = (HttpFilter<Object>) filter;
        this.name = name;
    }

    boolean implementsPhase(Phase phase) {
        try {
            Class<?> declaring =
                    filter.getClass().getMethod(phase.method, phase.parameters).getDeclaringClass();
            return declaring != HttpFilter.class;
        } catch (NoSuchMethodException e) {
            throw new LinkageError(phase + " is not a method of " + name, e);
        }
    }
}
