package io.statesync.simulation;

/** What the simulation does to a replica and its source, other than what they were made for. */
enum Fault {
    EVENT_DROPPED(true),
    EVENT_DUPLICATED(true),
    EVENT_DELAYED(true),
    EVENT_UNREADABLE(true),
    EVENT_AFTER_CLOSE(true),
    EVENT_REFUSED(true),
    SNAPSHOT_PUSHED(true),
    DISCONNECTED(true),
    SUBSCRIBE_FAILS(false),
    SUBSCRIBE_HANGS(false),
    PULL_FAILS(false),
    PULL_THROWS(false),
    PULL_HANGS(false),
    PULL_LATE(false),
    ANSWER_LAGS(false),
    ANSWER_MALFORMED(false),
    APPLY_FAILS(false),
    APPLY_SLOW(false),
    CACHE_FAILS(false),
    CACHE_HANGS(false),
    HOOK_THROWS(false),
    SOURCE_RESTARTED(false),
    SOURCE_RESTARTED_LOWER(false),
    ENGINE_REPLACED(false),
    PROPOSAL_NOT_SENT(false),
    PROPOSAL_LOST(false),
    PROPOSAL_LATE(false),
    PROPOSAL_TWICE(false),
    PROPOSAL_ANSWER_LOST(false),
    PROPOSAL_ANSWER_LATE(false);

    private final boolean ofEvents;

    Fault(boolean ofEvents) {
        this.ofEvents = ofEvents;
    }

    /** Whether it befalls events on their way, and so ends before the others do. */
    boolean isOfEvents() {
        return ofEvents;
    }
}
