package io.statesync.replica;

import io.statesync.StateVersion;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a replica's value beside the value itself, at one moment.
 *
 * @param status how it stands towards its source
 * @param error what failed last, until something succeeded; null for nothing
 * @param lastUpdated when the source's state was last taken over or a write accepted; null before the first
 * @param dirty whether writes wait for their outcome: in optimistic mode the value shows them already
 * @param pendingWrites how many writes wait for their outcome
 * @param version the version of the source's state that the value is made from; null before the first
 */
public record ReplicaMeta(
        ReplicaStatus status,
        @Nullable Throwable error,
        @Nullable Instant lastUpdated,
        boolean dirty,
        int pendingWrites,
        @Nullable StateVersion version) {}
