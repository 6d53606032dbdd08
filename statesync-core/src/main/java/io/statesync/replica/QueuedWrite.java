package io.statesync.replica;

import io.statesync.Proposal;
import io.statesync.StateVersion;
import org.jspecify.annotations.Nullable;

/**
 * A pending write in the form in which a {@link WriteQueue} keeps it.
 *
 * @param <T> the type of the state
 */
public sealed interface QueuedWrite<T extends @Nullable Object> {
    /**
     * The proposal that this write is part of, whose outcome is not known; null if it was not proposed yet. Writes next to
     * each other with the same proposal id are parts of one.
     */
    @Nullable
    Proposal<T> proposal();

    /**
     * A value that was set.
     *
     * @param base the version that it was set at
     * @param <T> the type of the state
     */
    record Value<T extends @Nullable Object>(
            T value, StateVersion base, @Nullable Proposal<T> proposal) implements QueuedWrite<T> {
        /** Names base and proposal, never the value. */
        @Override
        public String toString() {
            return "Value[base=" + base + ", proposal=" + proposal + "]";
        }
    }

    /**
     * An action that was dispatched.
     *
     * @param <T> the type of the state
     */
    record Action<T extends @Nullable Object>(
            Object action, @Nullable Proposal<T> proposal) implements QueuedWrite<T> {
        /** Names the proposal, never the action. */
        @Override
        public String toString() {
            return "Action[proposal=" + proposal + "]";
        }
    }
}
