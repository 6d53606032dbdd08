package io.statesync;

/** Where an engine is in its life. */
public enum LifecycleState {
    /** Not started, or a start failed and was rolled back: it may be started (contract L2). */
    IDLE,
    /** A start is under way. */
    STARTING,
    /** Started. */
    RUNNING,
    /** Stopped, for good (contract L3). */
    STOPPED
}
