package io.statesync.replica;

/** How a replica stands towards its source. */
public enum ReplicaStatus {
    /** Not started, or closed. */
    IDLE,
    /** Started, and nothing was heard of the source yet. */
    LOADING,
    /** In contact with the source, as far as it is known. */
    READY,
    /** The last pull, subscription or proposal failed; it goes on by itself. */
    ERROR
}
