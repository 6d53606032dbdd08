package io.statesync;

import org.jspecify.annotations.Nullable;

/**
 * An event's texts as they came from the wire, for the report that they could not be read.
 *
 * @param topic the topic as received
 * @param revision the revision as received
 * @param epoch the epoch as received
 */
public record RawEvent(
        @Nullable String topic,
        @Nullable String revision,
        @Nullable String epoch) {}
