package io.statesync.persistence;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a cache did since it was made, all topics together.
 *
 * @param saves snapshots that were made durable
 * @param superseded saves that came too late: what was kept already was as new
 * @param coalesced snapshots that were never saved because a newer one was applied before their turn: what throttling, and
 *     saves that take longer than applies, spare the storage
 * @param saveErrors saves that failed
 * @param loads snapshots that were loaded
 * @param loadErrors generations that could not be loaded or migrated
 * @param migrated loaded snapshots that were in another form
 * @param expired snapshots that were not used because their time to live was over
 * @param cleared topics that were forgotten
 * @param clearErrors topics that could not be forgotten
 * @param bytesBefore bytes of all saved snapshots before compression
 * @param bytesAfter bytes of all saved snapshots after compression
 * @param lastSave when a snapshot was last made durable; null if none was
 * @param lastSaveTook how long that took; null if none was
 */
public record PersistenceStatistics(
        long saves,
        long superseded,
        long coalesced,
        long saveErrors,
        long loads,
        long loadErrors,
        long migrated,
        long expired,
        long cleared,
        long clearErrors,
        long bytesBefore,
        long bytesAfter,
        @Nullable Instant lastSave,
        @Nullable Duration lastSaveTook) {}
