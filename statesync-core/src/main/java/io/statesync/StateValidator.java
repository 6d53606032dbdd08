package io.statesync;

import org.jspecify.annotations.Nullable;

/**
 * Decides whether a value is a valid state.
 *
 * @param <T> the type of the state
 */
@FunctionalInterface
public interface StateValidator<T extends @Nullable Object> {
    /**
     * Returns if the value is valid.
     *
     * @throws Exception if it is not; the message is the reason that people are given
     */
    void validate(T value) throws Exception;
}
