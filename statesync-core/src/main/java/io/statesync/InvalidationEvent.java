package io.statesync;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A source's announcement that a topic is now at a version. It carries no state.
 *
 * @param topic the topic as received; the engine's gate judges it (contract G2, G3), so it may be null here
 * @param revision the revision that the topic is at
 * @param epoch the epoch of the revision; null means the receiver's own (contract X3)
 * @param sourceId who announced it, for reports; null if unknown
 * @param timestampMs when it was announced, in milliseconds since 1970-01-01T00:00Z by the source's clock; null if
 *     unknown
 */
public record InvalidationEvent(
        @Nullable String topic,
        Revision revision,
        @Nullable Revision epoch,
        @Nullable String sourceId,
        @Nullable Long timestampMs) {

    /** Checks that a revision is there. */
    public InvalidationEvent {
        Objects.requireNonNull(revision, "revision");
    }

    /** An event without an epoch. */
    public static InvalidationEvent of(String topic, Revision revision) {
        return new InvalidationEvent(topic, revision, null, null, null);
    }

    /** An event with epoch and revision. */
    public static InvalidationEvent of(String topic, StateVersion version) {
        return new InvalidationEvent(topic, version.revision(), version.epoch(), null, null);
    }
}
