package io.statesync;

import io.statesync.engine.Engines;
import io.statesync.internal.DefaultExecutor;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The way in: makes engines. */
public final class StateSync {
    private static final Executor DIRECT = Runnable::run;

    private StateSync() {}

    /** An engine that is not started yet. It owns no thread, and needs no close if it is never started or used. */
    public static <T extends @Nullable Object> RevisionSync<T> createRevisionSync(RevisionSyncOptions<T> options) {
        return Engines.create(Objects.requireNonNull(options, "options"));
    }

    /**
     * An executor that runs each task on the calling thread. With it the thread that delivers an event also runs the
     * provider, the applier and the hooks: for tests, for code that never blocks, and for the last nanosecond.
     */
    public static Executor directExecutor() {
        return DIRECT;
    }

    /**
     * A provider that tries a failed pull again, for use outside an engine or around one part of a provider. Inside an
     * engine prefer {@link RevisionSyncOptions.Builder#retry}, which covers requests made meanwhile (contract R2) and
     * reports each failure.
     *
     * <p>A {@link ProtocolException} is not tried again, nor is a pull that was cancelled.
     *
     * <p>Further attempts run on the executor that engines use by default.
     *
     * @param onRetry hears of each failure that will be followed by another attempt, on the thread that it happened on;
     *     what it throws ends the pull
     */
    public static <T extends @Nullable Object> SnapshotProvider<T> withRetry(
            SnapshotProvider<T> provider, RetryPolicy policy, Consumer<? super RetryAttempt> onRetry) {
        return withRetry(provider, policy, onRetry, DefaultExecutor.SHARED, TimeSource.system());
    }

    /**
     * {@link #withRetry(SnapshotProvider, RetryPolicy, Consumer)} with an executor for further attempts, and in a time, of
     * the caller's.
     */
    public static <T extends @Nullable Object> SnapshotProvider<T> withRetry(
            SnapshotProvider<T> provider,
            RetryPolicy policy,
            Consumer<? super RetryAttempt> onRetry,
            Executor executor,
            TimeSource time) {
        return new RetryingProvider<>(provider, policy, onRetry, executor, time);
    }
}
