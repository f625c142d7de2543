package dev.lawu.proxy;

import java.util.Objects;

/**
 * A typed name for something that filters leave in a {@link Session} for each other. Two keys are never equal: share the constant.
 *
 * @param <T> the type of the value
 */
@SuppressWarnings("UnusedTypeParameter") // it types what Session.attribute takes and gives
public final class AttributeKey<T> {
    private final String name;

    private AttributeKey(String name) {
        this.name = name;
    }

    /** A new key; the name is for messages. */
    public static <T> AttributeKey<T> named(String name) {
        return new AttributeKey<>(Objects.requireNonNull(name, "name"));
    }

    @Override
    public String toString() {
        return name;
    }
}
