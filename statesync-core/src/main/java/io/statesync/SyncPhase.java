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
    /**
     * Throttling. Part of the contract's list of phases; this engine has nothing to report in it, since a time source
     * that refuses a timer stops the engine.
     */
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
