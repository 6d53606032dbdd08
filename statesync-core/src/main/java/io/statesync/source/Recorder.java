package io.statesync.source;

import io.statesync.StateVersion;
import org.jspecify.annotations.Nullable;

/** What a registry hears from a store. */
interface Recorder {
    /** For a store of its own. */
    Recorder NONE = new Recorder() {};

    /**
     * The store has moved; its write lock is held.
     *
     * @param before the version before; null for its first
     */
    default void written(@Nullable StateVersion before, Stored<?> after) {}

    /** The store is closed; its write lock is held. */
    default void removed(StateVersion last) {}

    /** Something was recorded; no lock is held. */
    default void announce() {}
}
