package io.statesync.engine;

import io.statesync.AsyncSnapshotApplier;
import io.statesync.SnapshotApplier;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.internal.Failures;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One apply. It is decided under the lock, committed when its turn comes on the apply executor, unless the engine was
 * stopped meanwhile (contract L3), and then runs to its end, however long that takes.
 */
final class Apply<T extends @Nullable Object> extends Effect implements Runnable, BiConsumer<Object, Throwable> {
    /** Where the snapshot came from. */
    enum Kind {
        CACHED,
        PULLED,
        PUSHED
    }

    private final Applies<T> applies;
    private final SnapshotEnvelope<T> snapshot;
    final Kind kind;
    final StateVersion version;
    final long began;
    private @Nullable Thread runner; // racy: only the runner itself has to recognise itself
    boolean committed; // guarded by the lock

    Apply(Applies<T> applies, Kind kind, SnapshotEnvelope<T> snapshot, StateVersion version, long began) {
        this.applies = applies;
        this.kind = kind;
        this.snapshot = snapshot;
        this.version = version;
        this.began = began;
    }

    SnapshotEnvelope<T> snapshot() {
        return snapshot;
    }

    boolean isRunner(Thread thread) {
        return runner == thread;
    }

    @Override
    void perform() {
        applies.engine.dispatch(applies.engine.options.applyExecutor(), this);
        applies.watch(this);
    }

    @Override
    public void run() {
        if (!applies.commit(this)) {
            return;
        }
        runner = Thread.currentThread();
        try {
            SnapshotApplier<T> applier = applies.engine.options.applier();
            AsyncSnapshotApplier<T> asyncApplier = applies.engine.options.asyncApplier();
            if (applier != null) {
                applier.apply(snapshot);
            } else if (asyncApplier != null) {
                applyAsync(asyncApplier);
                return;
            }
        } catch (Throwable t) { // an applier that throws has not applied
            runner = null;
            applies.ended(this, t);
            return;
        } finally {
            runner = null;
        }
        applied();
    }

    /** The applier is done: the cache hears of it before anybody who waits does. */
    private void applied() {
        CacheSaves<T> saves = applies.engine.saves;
        if (saves != null && kind != Kind.CACHED) {
            saves.applied(version, snapshot.data());
        }
        applies.ended(this, null);
    }

    private void applyAsync(AsyncSnapshotApplier<T> asyncApplier) throws Exception {
        CompletionStage<?> stage = asyncApplier.apply(snapshot);
        if (stage == null) {
            throw new NullPointerException("the asyncApplier returned null instead of a CompletionStage");
        }
        stage.whenComplete(this);
    }

    @Override
    public void accept(@Nullable Object nothing, @Nullable Throwable error) {
        if (error == null) {
            applied();
            return;
        }
        applies.ended(this, Failures.unwrapped(error));
    }
}
