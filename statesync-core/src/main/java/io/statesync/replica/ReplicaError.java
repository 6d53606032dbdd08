package io.statesync.replica;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One failure of a replica, with where it happened and what follows. Each is reported once; the outcome of a write is not
 * a failure, and comes by the write's future.
 *
 * @param topic the replica's topic
 * @param phase where it failed
 * @param error what failed
 * @param proposalId which proposal it is about; null if none
 * @param attempt which attempt failed, from 1; 0 where nothing is attempted repeatedly
 * @param nextDelay when the next attempt comes; null for none
 */
public record ReplicaError(
        String topic,
        ReplicaPhase phase,
        Throwable error,
        @Nullable String proposalId,
        int attempt,
        @Nullable Duration nextDelay) {}
