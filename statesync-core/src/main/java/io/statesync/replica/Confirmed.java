package io.statesync.replica;

import io.statesync.StateVersion;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What the source is known to have.
 *
 * @param version null before the first snapshot
 * @param value the initial value before the first snapshot
 * @param known whether there is a value
 * @param at when it was taken over; null before the first snapshot
 */
record Confirmed<T extends @Nullable Object>(
        @Nullable StateVersion version,
        T value,
        boolean known,
        @Nullable Instant at) {

    /** The newer of the two. */
    Confirmed<T> or(@Nullable Confirmed<T> other) {
        return other != null && other.version() != null && other.version().isNewerThan(version) ? other : this;
    }
}
