package io.statesync.source;

import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a store keeps its state and its count, so that both outlive the process.
 *
 * <p>Called by one thread of a store at a time, blocking, with the store's write lock held: a write is taken when its
 * commit returned. It must not call the store.
 *
 * @param <T> the type of the state
 */
public interface StateJournal<T extends @Nullable Object> {
    /**
     * What was last committed; null if nothing ever was.
     *
     * @throws Exception if it cannot be read
     */
    @Nullable
    Entry<T> load() throws Exception;

    /**
     * Stores state, version and proposal id: all or none, and only if {@code expected} is what is stored.
     *
     * @param expected the version that is stored; null if nothing is
     * @param snapshot the new state, with epoch and revision
     * @param proposalId the id of the proposal that made it, to be kept with its version among the recent ones; null if it
     *     has none
     * @throws Exception if it was not stored, or it is not known whether it was: the store then loads before it commits
     *     again
     */
    void commit(@Nullable StateVersion expected, SnapshotEnvelope<T> snapshot, @Nullable String proposalId)
            throws Exception;

    /**
     * What a journal holds.
     *
     * @param snapshot the state, with epoch and revision
     * @param accepted the versions of recently accepted proposals by their ids, the oldest first
     * @param certain whether no later version can ever have been given out; if not, the store opens in a new epoch
     * @param <T> the type of the state
     */
    record Entry<T extends @Nullable Object>(
            SnapshotEnvelope<T> snapshot, Map<String, StateVersion> accepted, boolean certain) {
        /** Names the version, never the data. */
        @Override
        public String toString() {
            return "Entry[" + snapshot + ", accepted=" + accepted.size() + ", certain=" + certain + "]";
        }
    }
}
