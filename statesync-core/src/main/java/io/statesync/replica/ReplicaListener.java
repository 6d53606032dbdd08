package io.statesync.replica;

import io.statesync.SnapshotEnvelope;
import io.statesync.SyncListener;
import io.statesync.WriteResult;
import org.jspecify.annotations.Nullable;

/**
 * Hears of what a replica and its engine do. Every method has an empty default. Calls come on the executor; what a method
 * throws is logged and changes nothing.
 *
 * @param <T> the type of the state
 */
public interface ReplicaListener<T extends @Nullable Object> extends SyncListener<T> {
    /** A proposal is sent, or asked for again. */
    default void onProposal(String proposalId, int attempt) {}

    /**
     * The source had moved on from a proposal's base; what follows is decided by the conflict policy.
     *
     * @param local what was proposed
     * @param current what the source is at
     */
    default void onConflict(T local, SnapshotEnvelope<T> current) {}

    /**
     * Writes have their outcome.
     *
     * @param writes how many writes share it
     */
    default void onOutcome(WriteResult<T> outcome, int writes) {}

    /** The replica failed somewhere; what fails in its engine comes by {@link #onError}. */
    default void onReplicaError(ReplicaError error) {}
}
