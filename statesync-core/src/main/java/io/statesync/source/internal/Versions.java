package io.statesync.source.internal;

import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import java.time.Instant;

/** How a source counts. */
public final class Versions {
    private Versions() {}

    /** The version of a snapshot of a source's own, where no epoch means epoch 0. */
    public static StateVersion of(SnapshotEnvelope<?> snapshot) {
        Revision epoch = snapshot.epoch();
        return StateVersion.of(epoch == null ? Revision.ZERO : epoch, snapshot.revision());
    }

    /** The first version of a new epoch, which nobody can have seen: max(last known + 1, clock in ms). */
    public static StateVersion firstOfNewEpoch(StateVersion lastKnown, Instant now) {
        Revision byClock = Revision.of(Math.max(0, now.toEpochMilli()));
        Revision byCount = lastKnown.epoch().next();
        return StateVersion.of(byClock.isAbove(byCount) ? byClock : byCount, Revision.of(1));
    }
}
