package io.statesync;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A cache that engines tell what they applied, so that the next start finds it.
 *
 * <p>Both methods may be called from any thread, return at once, and throw nothing: what goes wrong with a save is the
 * cache's to report, and never holds up an engine.
 *
 * @param <T> the type of the state
 */
public interface SavingCache<T extends @Nullable Object> extends SnapshotCache<T> {
    /**
     * A snapshot was applied that did not come from this cache. An engine's calls come one at a time, in the order of its
     * applies, each before the future that waits for that apply is done.
     */
    void applied(String topic, StateVersion version, T data);

    /**
     * An engine was stopped: what it applied is due to be saved now. The stage is done when that has ended, well or not;
     * {@link RevisionSync#close()} waits for it. Called again when an apply ended after the stop.
     */
    CompletionStage<?> stopped(String topic);
}
