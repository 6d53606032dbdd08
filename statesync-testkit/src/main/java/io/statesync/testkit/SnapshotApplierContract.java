package io.statesync.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Revision;
import io.statesync.SnapshotApplier;
import io.statesync.SnapshotEnvelope;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * What every {@link SnapshotApplier} must keep: extend it, give it an applier and a look at its state, and JUnit runs it.
 *
 * <p>An {@link io.statesync.AsyncSnapshotApplier} is tested through an applier that waits for its stage:
 * {@code snapshot -> async.apply(snapshot).toCompletableFuture().get(10, SECONDS)}. For an applier that can fail, extend
 * {@link FallibleApplierContract}.
 *
 * @param <T> the type of the state
 */
public abstract class SnapshotApplierContract<T extends @Nullable Object> {
    /** For subclasses. */
    protected SnapshotApplierContract() {}

    /** The applier under test; called once in each test. */
    protected abstract SnapshotApplier<T> createApplier() throws Exception;

    /** A state; another one for each number. States are compared by {@code equals}. */
    protected abstract T data(int n);

    /** The state that the application sees now, having applied at least one snapshot. */
    protected abstract T visibleState() throws Exception;

    final SnapshotEnvelope<T> snapshot(int n) {
        return SnapshotEnvelope.of(Revision.of(n), data(n));
    }

    final void applyAndSee(SnapshotApplier<T> applier, int n) throws Exception {
        applier.apply(snapshot(n));
        assertThat(visibleState()).as("the state after apply of revision %s", n).isEqualTo(data(n));
    }

    /** A refresh is done when the snapshot is applied (contract C2): who awaited it reads the new state. */
    @Test
    @DisplayName("C2: the state is visible when apply returns")
    public void theStateIsVisibleAfterApply() throws Exception {
        applyAndSee(createApplier(), 1);
    }

    /** Contract C1: applies come one after the other, each newer than the last. */
    @Test
    @DisplayName("C1: each apply replaces the state before it")
    public void eachApplyReplacesTheStateBeforeIt() throws Exception {
        SnapshotApplier<T> applier = createApplier();
        for (int n = 1; n <= 5; n++) {
            applyAndSee(applier, n);
        }
    }

    /** Contract P1: after a restart the cached snapshot is applied, then the source's, of the same state. */
    @Test
    @DisplayName("the same state may be applied again, under a later version")
    public void theSameStateMayBeAppliedAgain() throws Exception {
        SnapshotApplier<T> applier = createApplier();
        applyAndSee(applier, 1);
        applier.apply(SnapshotEnvelope.of(Revision.of(2), data(1)));
        assertThat(visibleState()).isEqualTo(data(1));
    }

    /** Contract X1: a source that lost its count starts a new epoch at a low revision. */
    @Test
    @DisplayName("X1: a lower revision of a higher epoch is applied like any other")
    public void theEngineDecidesWhatIsNewer() throws Exception {
        SnapshotApplier<T> applier = createApplier();
        applyAndSee(applier, 5);
        applier.apply(new SnapshotEnvelope<>(Revision.of(1), Revision.of(9), data(1)));
        assertThat(visibleState()).isEqualTo(data(1));
    }
}
