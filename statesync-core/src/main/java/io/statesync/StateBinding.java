package io.statesync;

import org.jspecify.annotations.Nullable;

/**
 * A transport for one topic in one piece: where events come from, and where snapshots are pulled.
 *
 * @param <T> the type of the state
 */
public interface StateBinding<T extends @Nullable Object> {
    /** Where the topic's events come from. */
    InvalidationSubscriber subscriber();

    /** Where the topic's snapshots are pulled. */
    SnapshotProvider<T> provider();
}
