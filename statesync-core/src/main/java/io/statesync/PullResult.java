package io.statesync;

import org.jspecify.annotations.Nullable;

/**
 * What a pull brought: a snapshot, or word that the source is still where the asker is.
 *
 * @param <T> the type of the state
 */
public sealed interface PullResult<T extends @Nullable Object> permits SnapshotEnvelope, NotModified {}
