package io.statesync;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The last known state of topics, kept where a process finds it when it starts (contract P1 to P4). One that is
 * kept up to date by its engines is a {@link SavingCache}.
 *
 * @param <T> the type of the state
 */
@FunctionalInterface
public interface SnapshotCache<T extends @Nullable Object> {
    /**
     * Loads what is kept for a topic; the stage completes with null if there is nothing. Called on the engine's executor.
     *
     * @throws Exception if it cannot be read: reported in phase {@link SyncPhase#START}, and the start goes on
     */
    CompletionStage<@Nullable SnapshotEnvelope<T>> load(String topic) throws Exception;
}
