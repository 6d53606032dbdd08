package io.statesync.source;

import io.statesync.InvalidationEvent;
import io.statesync.NotModified;
import io.statesync.PullRequest;
import io.statesync.PullResult;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.internal.Texts;
import org.jspecify.annotations.Nullable;

/** A source's state at one version, in the forms in which it is asked for. */
record Stored<T extends @Nullable Object>(StateVersion version, SnapshotEnvelope<T> snapshot, InvalidationEvent event) {
    /**
     * The answer to a pull.
     *
     * @throws IllegalArgumentException if it is of another topic
     */
    PullResult<T> answer(PullRequest request) {
        if (!request.topic().equals(event.topic())) {
            throw new IllegalArgumentException("this source has topic " + Texts.quote(event.topic())
                    + ", and was asked for " + Texts.quote(request.topic()));
        }
        return version.equals(request.heldVersion()) ? NotModified.instance() : snapshot;
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
