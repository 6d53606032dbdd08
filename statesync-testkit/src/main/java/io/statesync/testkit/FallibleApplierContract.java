package io.statesync.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.SnapshotApplier;
import io.statesync.SnapshotEnvelope;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * What a {@link SnapshotApplier} must keep that can fail: because of what it writes to, or because of the snapshot.
 *
 * @param <T> the type of the state
 */
public abstract class FallibleApplierContract<T extends @Nullable Object> extends SnapshotApplierContract<T> {
    /** For subclasses. */
    protected FallibleApplierContract() {}

    /**
     * A snapshot that the applier is going to refuse. Whatever makes it so, its own data or a fault of what the applier
     * writes to, is over when {@link #heal} returns.
     */
    protected abstract SnapshotEnvelope<T> failingSnapshot() throws Exception;

    /** Lets applies succeed again; does nothing unless overridden, for appliers that fail because of the data alone. */
    protected void heal() throws Exception {}

    private void applyFailing(SnapshotApplier<T> applier) throws Exception {
        SnapshotEnvelope<T> refused = failingSnapshot();
        assertThatThrownBy(
                () -> applier.apply(refused),
                "an apply that cannot succeed must throw, or the engine takes the snapshot for applied");
    }

    /** The engine leaves local where it was (contract S3, K2), so the state must be what local says. */
    @Test
    @DisplayName("K2: a failed apply throws, and leaves the old state whole")
    public void aFailedApplyLeavesTheOldState() throws Exception {
        SnapshotApplier<T> applier = createApplier();
        applyAndSee(applier, 1);
        applyFailing(applier);
        assertThat(visibleState()).as("the state after a failed apply").isEqualTo(data(1));
    }

    /** Contract K2: the engine pulls and applies again. */
    @Test
    @DisplayName("K2: an apply after a failed one works")
    public void anApplyAfterAFailedOneWorks() throws Exception {
        SnapshotApplier<T> applier = createApplier();
        applyAndSee(applier, 1);
        for (int n = 2; n <= 3; n++) {
            applyFailing(applier);
            heal();
            applyAndSee(applier, n);
        }
    }
}
