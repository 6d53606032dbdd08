package io.statesync;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Hears of what an engine does. Every method has an empty default.
 *
 * <p>Calls come on the engine's executor, one at a time, in order. What a method throws is logged and changes nothing
 * (contract H1). A listener that is too slow loses calls, which {@link SyncStatus#notificationsLost()} counts; it never
 * holds up a pull or an apply. Dropped events are counted in the status, not told here.
 *
 * @param <T> the type of the state
 */
public interface SyncListener<T extends @Nullable Object> {
    /** A pull begins. */
    default void onPull(PullRequest request) {}

    /** A snapshot was applied, and took this long. */
    default void onApplied(SnapshotEnvelope<T> snapshot, StateVersion version, Duration took) {}

    /**
     * A pull's answer was not applied because it is not newer.
     *
     * @param answered the version of the answer; local's if the source said that nothing changed
     */
    default void onSkipped(StateVersion answered, StateVersion localVersion) {}

    /** Something failed. */
    default void onError(SyncError error) {}

    /** The engine's state changed. */
    default void onStateChange(LifecycleState from, LifecycleState to) {}

    /** The transport's connection was made or lost. */
    default void onConnection(boolean connected) {}
}
