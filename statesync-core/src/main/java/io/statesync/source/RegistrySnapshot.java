package io.statesync.source;

import io.statesync.SnapshotEnvelope;
import java.util.Map;

/**
 * The states of all stores of a registry.
 *
 * @param lastEventId an event id: whoever replays the events after it misses nothing, and may hear again of what is in
 *     the states already
 * @param states the state of each topic, ordered by topic; unmodifiable
 */
public record RegistrySnapshot(long lastEventId, Map<String, SnapshotEnvelope<?>> states) {}
