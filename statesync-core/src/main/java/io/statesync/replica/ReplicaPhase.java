package io.statesync.replica;

/** Where a replica failed; what fails in its engine has a {@link io.statesync.SyncPhase}. */
public enum ReplicaPhase {
    /** A proposal was not sent, or its outcome is not known. It will be sent or asked for again. */
    PROPOSE,
    /** The function that resolves conflicts threw. The source wins. */
    RESOLVE,
    /** A middleware threw. It was skipped. */
    MIDDLEWARE,
    /** An observer threw, or its executor refused. It will be told of the next change. */
    OBSERVE,
    /**
     * The queue of pending writes could not be saved: writes go on, and may not survive a crash. Or a write that it kept
     * could not be made again, and is dropped.
     */
    QUEUE
}
