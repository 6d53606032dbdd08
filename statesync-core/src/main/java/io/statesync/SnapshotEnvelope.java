package io.statesync;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A topic's state at a version.
 *
 * @param revision the revision of the state
 * @param epoch the epoch of the revision; null means the receiver's own, or 0 before its first (contract X3)
 * @param data the state; null only if the source says so
 * @param <T> the type of the state
 */
public record SnapshotEnvelope<T extends @Nullable Object>(
        Revision revision, @Nullable Revision epoch, T data) implements PullResult<T> {

    /** Checks that a revision is there. */
    public SnapshotEnvelope {
        Objects.requireNonNull(revision, "revision");
    }

    /** A snapshot without an epoch. */
    public static <T extends @Nullable Object> SnapshotEnvelope<T> of(Revision revision, T data) {
        return new SnapshotEnvelope<>(revision, null, data);
    }

    /** A snapshot with epoch and revision. */
    public static <T extends @Nullable Object> SnapshotEnvelope<T> of(StateVersion version, T data) {
        return new SnapshotEnvelope<>(version.revision(), version.epoch(), data);
    }

    /**
     * A snapshot whose version comes as text from the wire.
     *
     * @param epoch null when the source sent none
     * @throws ProtocolException if revision or epoch is malformed (contract G4)
     */
    public static <T extends @Nullable Object> SnapshotEnvelope<T> parse(
            @Nullable String revision, @Nullable String epoch, T data) {
        return new SnapshotEnvelope<>(Revision.parse(revision), epoch == null ? null : Revision.parse(epoch), data);
    }

    /**
     * The version of the snapshot for a receiver: without an epoch, in the receiver's own (contract X3).
     *
     * @param local the version that the receiver has; null before its first, which counts as epoch 0
     */
    public StateVersion version(@Nullable StateVersion local) {
        long epochBits = epoch != null ? epoch.bits() : local != null ? local.epochBits() : 0;
        return StateVersion.ofUnsigned(epochBits, revision.bits());
    }

    /** Names the version, never the data. */
    @Override
    public String toString() {
        return "SnapshotEnvelope[" + revision + (epoch == null ? "" : "@" + epoch) + "]";
    }
}
