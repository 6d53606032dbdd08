package io.statesync.persistence;

import io.statesync.StateVersion;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One failure of a cache, with what it was doing and what follows. Each failure is reported once.
 *
 * @param topic whose snapshot is concerned
 * @param operation what failed
 * @param error what failed it
 * @param version the version of the snapshot; null if it is not known
 * @param generation which generation could not be loaded, from 0 for the newest; 0 for other operations
 * @param attempt which attempt failed, from 1; of saves that fail one after the other, whichever version they are of
 * @param nextDelay when a save is tried again; null if it is not
 */
public record PersistenceError(
        String topic,
        PersistenceOperation operation,
        Throwable error,
        @Nullable StateVersion version,
        int generation,
        int attempt,
        @Nullable Duration nextDelay) {
    /** Whether it is tried again without anybody's doing. */
    public boolean willRetry() {
        return nextDelay != null;
    }
}
