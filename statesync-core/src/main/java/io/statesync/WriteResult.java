package io.statesync;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What became of a proposal.
 *
 * @param <T> the type of the state
 */
public sealed interface WriteResult<T extends @Nullable Object> {
    /** Whether the source took the value. */
    default boolean isAccepted() {
        return this instanceof Accepted;
    }

    /**
     * The source took the value; it is the state at this version.
     *
     * @param version the version that the write was given: await it to read your write
     * @param <T> the type of the state
     */
    record Accepted<T extends @Nullable Object>(StateVersion version) implements WriteResult<T> {
        /** Checks that a version is there. */
        public Accepted {
            Objects.requireNonNull(version, "version");
        }
    }

    /**
     * The source had moved on from the proposal's base, and took nothing.
     *
     * @param current the state that the source is at
     * @param <T> the type of the state
     */
    record Conflict<T extends @Nullable Object>(SnapshotEnvelope<T> current) implements WriteResult<T> {
        /** Checks that a snapshot is there. */
        public Conflict {
            Objects.requireNonNull(current, "current");
        }
    }

    /**
     * The source refuses the value, whatever its base.
     *
     * @param reason why, for people
     * @param <T> the type of the state
     */
    record Rejected<T extends @Nullable Object>(String reason) implements WriteResult<T> {
        /** Checks that a reason is there. */
        public Rejected {
            Objects.requireNonNull(reason, "reason");
        }
    }

    /**
     * It is not known whether the source took the value: ask again under the same proposal id.
     *
     * @param cause what kept the answer from coming; null if unknown
     * @param <T> the type of the state
     */
    record Unknown<T extends @Nullable Object>(@Nullable Throwable cause) implements WriteResult<T> {}
}
