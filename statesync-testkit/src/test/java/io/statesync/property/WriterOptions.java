package io.statesync.property;

/** The options of a replica that writes. */
record WriterOptions(
        boolean optimistic,
        Policy policy,
        boolean initial,
        int maxPending,
        int timeoutMs,
        int maxConflicts,
        boolean queued) {

    /** What happens to a set that met a conflict. */
    enum Policy {
        SERVER_WINS,
        LOCAL_WINS,
        MERGE,
        /** A merge function that throws on some states. */
        FRAGILE_MERGE
    }
}
