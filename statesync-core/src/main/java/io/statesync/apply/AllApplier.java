package io.statesync.apply;

import io.statesync.SnapshotApplier;
import io.statesync.SnapshotEnvelope;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Several appliers as one: each is called, and the first failure fails the apply. */
final class AllApplier<T extends @Nullable Object> implements SnapshotApplier<T> {
    private final List<SnapshotApplier<T>> appliers;

    AllApplier(List<SnapshotApplier<T>> appliers) {
        this.appliers = appliers;
    }

    @Override
    public void apply(SnapshotEnvelope<T> snapshot) throws Exception {
        Throwable first = null;
        for (SnapshotApplier<T> applier : appliers) {
            try {
                applier.apply(snapshot);
            } catch (Throwable t) { // the engine takes errors for failures too
                if (t instanceof InterruptedException) {
                    Thread.currentThread().interrupt();
                }
                first = join(first, t);
            }
        }
        if (first instanceof Error error) {
            throw error;
        }
        if (first instanceof Exception exception) {
            throw exception;
        }
    }

    private static Throwable join(@Nullable Throwable first, Throwable next) {
        if (first == null) {
            return next;
        }
        if (first != next) {
            first.addSuppressed(next);
        }
        return first;
    }
}
