package io.statesync.persistence;

import io.statesync.StateVersion;
import java.time.Duration;

/**
 * Hears of what a cache does. Every method has an empty default.
 *
 * <p>Calls come on the cache's executor, from the thread that did it, under no lock; those of one topic's saves and clears
 * one at a time. A listener that is slow holds up the next save of that topic, and nothing else; so one that waits for a
 * flush or a clear of that topic waits for itself. What a method throws is logged and changes nothing.
 */
public interface PersistenceListener {
    /**
     * A snapshot is durable, or what was kept already is as new.
     *
     * @param kept false if what was kept already is as new
     * @param took how long encoding and storing took
     */
    default void onSaved(String topic, SnapshotMetadata metadata, boolean kept, Duration took) {}

    /**
     * A snapshot was loaded.
     *
     * @param migrated whether it was in another form; it is saved back in the present one
     */
    default void onLoaded(String topic, SnapshotMetadata metadata, boolean migrated) {}

    /** A snapshot was not used because its time to live is over. */
    default void onExpired(String topic, SnapshotMetadata metadata) {}

    /** A topic was forgotten. */
    default void onCleared(String topic) {}

    /** A snapshot was dropped unsaved: the cache discards on close. */
    default void onDiscarded(String topic, StateVersion version) {}

    /** Something failed. */
    default void onError(PersistenceError error) {}
}
