package io.statesync.replica;

import io.statesync.Proposal;
import io.statesync.SnapshotEnvelope;
import org.jspecify.annotations.Nullable;

/**
 * Something between a replica and its source that logs, transforms or vetoes what passes.
 *
 * <p>A replica has an ordered chain of them. Proposals go through it from the first to the last, snapshots back from the
 * last to the first, so that a pair of transformations (encrypt and decrypt, say) nests. Called on the replica's executor,
 * never twice at a time for one direction. One that throws anything but a {@link VetoException} is reported in phase
 * {@link ReplicaPhase#MIDDLEWARE} and skipped; its neighbours are called all the same.
 *
 * @param <T> the type of the state
 */
public interface ReplicaMiddleware<T extends @Nullable Object> {
    /**
     * A proposal is about to be sent for the first time; asked again, it is not passed through again.
     *
     * @return the proposal, or one with another value; base and ids are kept whatever it says
     * @throws VetoException if it may not be sent: its writes are rejected with the reason
     * @throws Exception if this middleware failed
     */
    default Proposal<T> outgoing(Proposal<T> proposal) throws Exception {
        return proposal;
    }

    /**
     * A snapshot came in: pulled, pushed, or as the answer to a proposal.
     *
     * @return the snapshot, or one with other data; its version is kept whatever it says
     * @throws VetoException if it may not be taken over: the replica keeps what it has until the next
     * @throws Exception if this middleware failed
     */
    default SnapshotEnvelope<T> incoming(SnapshotEnvelope<T> snapshot) throws Exception {
        return snapshot;
    }
}
