package io.statesync.persistence;

import java.io.IOException;
import java.util.List;

/**
 * Where snapshots are kept, by topic, as bytes with what describes them.
 *
 * <p>All methods block, may be called from any thread, and by several processes that share what is underneath. What they
 * promise holds whenever the process or the machine dies: a topic has the snapshot of a save that returned, or of a later
 * one; never part of one, never one older than another that was saved before.
 *
 * <p>It knows nothing of codecs and does not look into the payload: the checksums that it keeps are checked by whoever
 * loads, so that a storage cannot hide damage.
 */
public interface SnapshotStorage {
    /**
     * Keeps a snapshot in place of the one there is if it {@linkplain SnapshotMetadata#supersedes supersedes} that one. When
     * this returns, what is kept is durable.
     *
     * @param topic any string; an empty one too
     * @return whether it is kept: false if what is kept already is as new or newer
     * @throws IOException if it is not certain to be kept; what was kept before is kept still, as the newest or as the
     *     generation before
     */
    boolean save(String topic, StoredSnapshot snapshot) throws IOException;

    /**
     * What is kept of a topic: the newest first, then the generations before it that are still there. Empty if nothing is.
     *
     * @throws IOException if it cannot be found out
     */
    List<Generation> load(String topic) throws IOException;

    /**
     * Forgets all generations of a topic; without effect if there are none.
     *
     * @throws IOException if they could not be forgotten
     */
    void clear(String topic) throws IOException;

    /**
     * How much is kept.
     *
     * @throws IOException if it cannot be found out
     */
    StorageUsage usage() throws IOException;

    /** One generation of a topic, to be read when it is needed. */
    @FunctionalInterface
    interface Generation {
        /**
         * Reads it.
         *
         * @throws IOException if it cannot be read, or is not what was saved
         */
        StoredSnapshot read() throws IOException;

        /** Where it is, for messages: a file, for one. Empty if that says nothing. */
        default String place() {
            return "";
        }
    }
}
