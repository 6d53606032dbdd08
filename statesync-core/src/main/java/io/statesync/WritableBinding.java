package io.statesync;

import org.jspecify.annotations.Nullable;

/**
 * A {@link StateBinding} over which one can also write.
 *
 * @param <T> the type of the state
 */
public interface WritableBinding<T extends @Nullable Object> extends StateBinding<T> {
    /** Where proposals go. */
    StateProposer<T> proposer();
}
