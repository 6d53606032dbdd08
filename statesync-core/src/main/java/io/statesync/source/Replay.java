package io.statesync.source;

import java.util.List;

/** What an {@link EventLog} answers to who was away. */
public sealed interface Replay {
    /**
     * What was missed.
     *
     * @param events the events after the one asked for, in order; unmodifiable
     */
    record Events(List<StoreEvent> events) implements Replay {}

    /**
     * The log cannot tell what was missed: it reaches back less far, or never gave out the id. A snapshot is needed.
     *
     * @param lastId the id of the newest event
     */
    record Gone(long lastId) implements Replay {}
}
