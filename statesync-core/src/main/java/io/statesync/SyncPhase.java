package io.statesync;

/** Where something failed. */
public enum SyncPhase {
    /** The start: the cache could not be read. */
    START("start"),
    /** Subscribing, or closing a subscription. */
    SUBSCRIBE("subscribe"),
    /** Judging an event: {@code shouldRefresh} threw. */
    INVALIDATION("invalidation"),
    /** A pull's answer was too old, or the source lost revisions. */
    REFRESH("refresh"),
    /** The provider failed or took too long. */
    GET_SNAPSHOT("getSnapshot"),
    /** A message or a snapshot was malformed. */
    PROTOCOL("protocol"),
    /** The applier failed. */
    APPLY("apply"),
    /** Throttling failed: the time source refused a timer. */
    THROTTLE("throttle");

    private final String wireName;

    SyncPhase(String wireName) {
        this.wireName = wireName;
    }

    /** The name in logs, metrics and the original's hooks, such as {@code getSnapshot}. */
    public String wireName() {
        return wireName;
    }

    @Override
    public String toString() {
        return wireName;
    }
}
