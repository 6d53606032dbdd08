package io.statesync.source;

import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import org.jspecify.annotations.Nullable;

/**
 * Something that happened to a store of a registry.
 *
 * @param id its place among the events of the registry; ids rise
 * @param topic the store's topic
 * @param kind what happened
 * @param baseVersion the version that it followed; null when a store was made
 * @param version the version that the store is at by it; the last one of a store that was removed
 * @param snapshot the state at that version; null when the store was removed
 * @param sourceId who wrote; null if unknown
 * @param timestampMs when, in milliseconds since 1970-01-01T00:00Z by the registry's clock
 */
public record StoreEvent(
        long id,
        String topic,
        Kind kind,
        @Nullable StateVersion baseVersion,
        StateVersion version,
        @Nullable SnapshotEnvelope<?> snapshot,
        @Nullable String sourceId,
        long timestampMs) {

    /** What happens to stores. */
    public enum Kind {
        /** The store was made, or moved to a newer version. */
        WRITTEN,
        /** The store was removed, or closed. */
        REMOVED
    }

    StoreEvent withId(long other) {
        return new StoreEvent(other, topic, kind, baseVersion, version, snapshot, sourceId, timestampMs);
    }

    StoreEvent withTopic(String other) {
        return new StoreEvent(id, other, kind, baseVersion, version, snapshot, sourceId, timestampMs);
    }
}
