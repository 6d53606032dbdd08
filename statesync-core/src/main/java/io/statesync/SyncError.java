package io.statesync;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One failure, with where it happened and what follows. Each failure is reported once.
 *
 * @param instance the engine's instance name
 * @param topic the engine's topic
 * @param phase where it failed
 * @param error what failed
 * @param localVersion the version applied at that time; null for none
 * @param eventVersion the event's version, if an event is concerned and could be read
 * @param snapshotVersion the snapshot's version, if a snapshot is concerned and could be read
 * @param sourceId who sent the event, if known
 * @param sourceEvent the event or payload as received, if one is concerned; may hold what must not be logged
 * @param attempt which attempt failed, from 1; 0 where nothing is attempted repeatedly
 * @param willRetry whether this report's own attempts go on (contract R1, K1, B2); whether the engine is behind and will
 *     pull again is in its status
 * @param nextDelay when the next attempt comes; null unless {@code willRetry}
 */
public record SyncError(
        String instance,
        String topic,
        SyncPhase phase,
        Throwable error,
        @Nullable StateVersion localVersion,
        @Nullable StateVersion eventVersion,
        @Nullable StateVersion snapshotVersion,
        @Nullable String sourceId,
        @Nullable Object sourceEvent,
        int attempt,
        boolean willRetry,
        @Nullable Duration nextDelay) {

    /** Names the facts, never the payload. */
    @Override
    public String toString() {
        return "SyncError[instance=" + instance + ", topic=" + topic + ", phase=" + phase + ", local=" + localVersion
                + ", event=" + eventVersion + ", snapshot=" + snapshotVersion + ", attempt=" + attempt + ", willRetry="
                + willRetry + ", nextDelay=" + nextDelay + ", error=" + error + "]";
    }
}
