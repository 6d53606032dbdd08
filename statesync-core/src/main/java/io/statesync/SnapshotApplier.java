package io.statesync;

import org.jspecify.annotations.Nullable;

/**
 * Takes a snapshot into the application's state.
 *
 * <p>Applies of one engine never overlap, and each happens-before the next (contract C1). Runs on the engine's apply
 * executor. A thrown exception means that the snapshot was not applied (phase {@link SyncPhase#APPLY}).
 *
 * @param <T> the type of the state
 */
@FunctionalInterface
public interface SnapshotApplier<T extends @Nullable Object> {
    /**
     * Applies a snapshot.
     *
     * @throws Exception if it could not be applied
     */
    void apply(SnapshotEnvelope<T> snapshot) throws Exception;
}
