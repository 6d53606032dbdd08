package io.statesync.source;

import io.statesync.InvalidationEvent;
import io.statesync.NotModified;
import io.statesync.PullResult;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import org.jspecify.annotations.Nullable;

/** A store's state at one version, in the forms in which it is asked for. */
record Stored<T extends @Nullable Object>(StateVersion version, SnapshotEnvelope<T> snapshot, InvalidationEvent event) {
    /** The answer to a pull by who holds a version. */
    PullResult<T> answer(@Nullable StateVersion held) {
        return version.equals(held) ? NotModified.instance() : snapshot;
    }

    static <T extends @Nullable Object> Stored<T> of(
            String topic, StateVersion version, T value, @Nullable String sourceId, long timestampMs) {
        SnapshotEnvelope<T> snapshot = SnapshotEnvelope.of(version, value);
        return new Stored<>(
                version,
                snapshot,
                new InvalidationEvent(topic, snapshot.revision(), snapshot.epoch(), sourceId, timestampMs));
    }
}
