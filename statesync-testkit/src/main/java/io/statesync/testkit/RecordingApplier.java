package io.statesync.testkit;

import io.statesync.Revision;
import io.statesync.SnapshotApplier;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A {@link SnapshotApplier} that records what was applied, and can be made to fail. It checks on its own that applies
 * never overlap (contract C1): an apply during another one throws an {@link AssertionError}, and {@link #overlapped} says
 * so afterwards. Safe for use from any thread.
 *
 * @param <T> the type of the state
 */
public final class RecordingApplier<T extends @Nullable Object> implements SnapshotApplier<T> {
    private final List<SnapshotEnvelope<T>> applied = new ArrayList<>(); // guarded by this
    private final AtomicBoolean busy = new AtomicBoolean();
    private volatile boolean overlapped;
    private @Nullable Exception failure; // guarded by this

    /** An applier that has recorded nothing. */
    public RecordingApplier() {}

    @Override
    public void apply(SnapshotEnvelope<T> snapshot) throws Exception {
        if (!busy.compareAndSet(false, true)) {
            overlapped = true;
            throw new AssertionError("an apply began during another one: " + snapshot);
        }
        try {
            record(snapshot);
        } finally {
            busy.set(false);
        }
    }

    private synchronized void record(SnapshotEnvelope<T> snapshot) throws Exception {
        Exception thrown = failure;
        failure = null;
        if (thrown != null) {
            throw thrown;
        }
        applied.add(snapshot);
        notifyAll();
    }

    /** Makes the next apply throw, and record nothing. */
    public synchronized void failNext(Exception error) {
        failure = Objects.requireNonNull(error, "error");
    }

    /** What was applied, in order. */
    public synchronized List<SnapshotEnvelope<T>> applied() {
        return List.copyOf(applied);
    }

    /**
     * The snapshot applied last.
     *
     * @throws AssertionError if there is none
     */
    public synchronized SnapshotEnvelope<T> last() {
        if (applied.isEmpty()) {
            throw new AssertionError("nothing was applied");
        }
        return applied.get(applied.size() - 1);
    }

    /** Whether two applies ever overlapped. */
    public boolean overlapped() {
        return overlapped;
    }

    /**
     * Waits until the last applied version is at least {@code version}. A snapshot without an epoch counts as one of
     * epoch 0.
     *
     * @throws AssertionError if it is not within {@code patience}
     */
    public synchronized void awaitVersion(StateVersion version, Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (applied.isEmpty() || version.isNewerThan(versionOf(last()))) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                throw new AssertionError(
                        "version " + version + " was not applied within " + patience + "; applied were " + applied);
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }

    private static StateVersion versionOf(SnapshotEnvelope<?> snapshot) {
        Revision epoch = snapshot.epoch();
        return StateVersion.of(epoch == null ? Revision.ZERO : epoch, snapshot.revision());
    }
}
