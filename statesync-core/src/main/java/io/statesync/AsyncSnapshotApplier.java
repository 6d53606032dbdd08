package io.statesync;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A {@link SnapshotApplier} whose work ends later: the snapshot is applied when the returned stage completes.
 *
 * @param <T> the type of the state
 */
@FunctionalInterface
public interface AsyncSnapshotApplier<T extends @Nullable Object> {
    /**
     * Begins to apply a snapshot. The engine begins no other apply before the stage is complete, however long that takes.
     *
     * @throws Exception if it could not be applied
     */
    CompletionStage<?> apply(SnapshotEnvelope<T> snapshot) throws Exception;
}
