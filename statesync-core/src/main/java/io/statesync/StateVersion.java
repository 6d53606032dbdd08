package io.statesync;

import java.io.Serial;
import java.io.Serializable;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A point in a topic's history: a {@link Revision} within an epoch.
 *
 * <p>Versions compare by epoch first, then by revision, both unsigned (contract X1). A source that has never lost its
 * count has epoch {@code 0}. Immutable.
 */
public final class StateVersion implements Comparable<StateVersion>, Serializable {
    @Serial
    private static final long serialVersionUID = 1L;

    private final long epochBits;
    private final long revisionBits;

    private StateVersion(long epochBits, long revisionBits) {
        this.epochBits = epochBits;
        this.revisionBits = revisionBits;
    }

    /** The version of a revision in epoch 0. */
    public static StateVersion of(Revision revision) {
        return new StateVersion(0, Objects.requireNonNull(revision, "revision").bits());
    }

    /** The version of a revision in an epoch. */
    public static StateVersion of(Revision epoch, Revision revision) {
        return new StateVersion(
                Objects.requireNonNull(epoch, "epoch").bits(),
                Objects.requireNonNull(revision, "revision").bits());
    }

    /** The version whose epoch and revision have these 64 bits each, read unsigned. */
    public static StateVersion ofUnsigned(long epochBits, long revisionBits) {
        return new StateVersion(epochBits, revisionBits);
    }

    /** The epoch that the revision is counted in. */
    public Revision epoch() {
        return Revision.ofUnsigned(epochBits);
    }

    /** The revision within the epoch. */
    public Revision revision() {
        return Revision.ofUnsigned(revisionBits);
    }

    /** The epoch's 64 bits, without allocating. */
    public long epochBits() {
        return epochBits;
    }

    /** The revision's 64 bits, without allocating. */
    public long revisionBits() {
        return revisionBits;
    }

    /** Whether this version is above {@code other}; every version is above none ({@code null}). */
    public boolean isNewerThan(@Nullable StateVersion other) {
        return other == null || compareTo(other) > 0;
    }

    /** Compares two versions given as unsigned bits: epoch first, then revision. */
    public static int compareUnsigned(long epoch, long revision, long otherEpoch, long otherRevision) {
        int byEpoch = Long.compareUnsigned(epoch, otherEpoch);
        return byEpoch != 0 ? byEpoch : Long.compareUnsigned(revision, otherRevision);
    }

    @Override
    public int compareTo(StateVersion other) {
        return compareUnsigned(epochBits, revisionBits, other.epochBits, other.revisionBits);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof StateVersion that && epochBits == that.epochBits && revisionBits == that.revisionBits;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(epochBits) * 31 + Long.hashCode(revisionBits);
    }

    /** {@code 42} in epoch 0, else {@code 42@1730000000000}. */
    @Override
    public String toString() {
        String revision = Long.toUnsignedString(revisionBits);
        return epochBits == 0 ? revision : revision + '@' + Long.toUnsignedString(epochBits);
    }
}
