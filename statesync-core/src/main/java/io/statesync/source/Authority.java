package io.statesync.source;

import io.statesync.Proposal;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateProposer;
import io.statesync.WritableBinding;
import io.statesync.WriteResult;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The one that owns a topic's state: it counts revisions and decides which writes are taken.
 *
 * <p>Asynchronous, so that a database can be one. It is a binding, so in one JVM it is the whole transport. Safe for use
 * from any thread.
 *
 * @param <T> the type of the state; immutable, since everybody gets the same object
 */
public interface Authority<T extends @Nullable Object> extends WritableBinding<T> {
    /** The topic whose state it owns. */
    String topic();

    /** The current state, with epoch and revision. The stage fails if it cannot be read. */
    CompletionStage<SnapshotEnvelope<T>> snapshot();

    /**
     * Asks for a write, which is taken whole or not at all.
     *
     * <ul>
     *   <li>Under a proposal id that was answered recently: the same answer again, whatever else the proposal says.
     *   <li>The base is neither null nor the current version, in epoch or in revision: {@link WriteResult.Conflict}.
     *   <li>The value is not valid: {@link WriteResult.Rejected}.
     *   <li>Otherwise it is the state at the next revision: {@link WriteResult.Accepted}.
     *   <li>It cannot be known whether it was stored: {@link WriteResult.Unknown}, or the stage fails. Ask again under the
     *       same id.
     * </ul>
     */
    CompletionStage<WriteResult<T>> propose(Proposal<T> proposal);

    @Override
    default StateProposer<T> proposer() {
        return this::propose;
    }
}
