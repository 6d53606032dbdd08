package io.statesync.replica;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a replica's pending writes where they outlive the process. Called on the replica's executor, one call at a time,
 * and may block.
 *
 * <p>What is kept are values and actions; a function cannot be. A proposal is saved before it is sent, so that after a
 * crash it is asked for again under its id rather than written twice. Writes are kept until they have their outcome, also
 * when the replica is closed before.
 *
 * @param <T> the type of the state
 */
public interface WriteQueue<T extends @Nullable Object> {
    /**
     * What was saved last; empty if nothing was.
     *
     * @throws Exception if it cannot be read: the replica does not start
     */
    List<QueuedWrite<T>> load() throws Exception;

    /**
     * Replaces what is kept.
     *
     * @param writes all pending writes, in their order
     * @throws Exception if they could not be saved: reported in phase {@link ReplicaPhase#QUEUE}, and tried
     *     again; a proposal that is not saved is not sent
     */
    void save(List<QueuedWrite<T>> writes) throws Exception;
}
