package io.statesync;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What an engine is doing, at one moment.
 *
 * @param instance the engine's instance name
 * @param topic the engine's topic
 * @param state where it is in its life
 * @param localVersion the version last applied; null before the first
 * @param target the newest version that it was told of and has not applied; null if there is none
 * @param behind whether it has a target, or owes a pull because events may have been missed
 * @param behindFor how long it has been behind; null if it is not
 * @param connected whether it is subscribed and the transport has not said that it lost its connection
 * @param pulling whether a pull, its retries or their waits are under way
 * @param applyingSince since when an apply has been under way; null if none is
 * @param lastSuccess when the last pull that succeeded <em>began</em>: the state is known to have been
 *     current then; null before the first
 * @param lastError the last failure; null before the first
 * @param lastErrorAt when that was; null before the first
 * @param eventsSeen events that the transport delivered, whatever became of them; snapshots that it pushed are not among them
 * @param eventsDropped events that the gate dropped: not newer, another topic's, malformed, or refused by
 *     {@code shouldRefresh}
 * @param eventsCoalesced events that passed the gate and needed no pull of their own
 * @param pulls pulls begun, retries included
 * @param applies snapshots applied
 * @param failures failures reported
 * @param notificationsLost calls of hooks and listeners that were dropped because they were too slow
 */
public record SyncStatus(
        String instance,
        String topic,
        LifecycleState state,
        @Nullable StateVersion localVersion,
        @Nullable StateVersion target,
        boolean behind,
        @Nullable Duration behindFor,
        boolean connected,
        boolean pulling,
        @Nullable Instant applyingSince,
        @Nullable Instant lastSuccess,
        @Nullable SyncError lastError,
        @Nullable Instant lastErrorAt,
        long eventsSeen,
        long eventsDropped,
        long eventsCoalesced,
        long pulls,
        long applies,
        long failures,
        long notificationsLost) {}
