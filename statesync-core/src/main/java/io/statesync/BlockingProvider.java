package io.statesync;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/** The provider around a blocking fetch: a {@link FutureTask} carries the interruption, a future the answer. */
final class BlockingProvider<T extends @Nullable Object> implements SnapshotProvider<T> {
    private final BlockingFetch<T> fetch;
    private final Executor executor;

    BlockingProvider(BlockingFetch<T> fetch, Executor executor) {
        this.fetch = Objects.requireNonNull(fetch, "fetch");
        this.executor = Objects.requireNonNull(executor, "executor");
    }

    @Override
    public CompletionStage<? extends PullResult<T>> getSnapshot(PullRequest request) {
        Answer<T> answer = new Answer<>();
        FutureTask<?> task = new FutureTask<>(
                () -> {
                    try {
                        answer.complete(fetch.fetch(request));
                    } catch (Throwable t) { // every failure of the fetch is the pull's outcome
                        answer.completeExceptionally(t);
                    }
                },
                null);
        answer.task = task;
        executor.execute(task);
        request.onCancel(() -> task.cancel(true)); // for when the answer is wrapped, and the wrapper is cancelled
        return answer;
    }

    /** The answer to come. Cancelling it interrupts the fetch, from whichever thread and without an executor's help. */
    private static final class Answer<T extends @Nullable Object> extends CompletableFuture<PullResult<T>> {
        private volatile @Nullable FutureTask<?> task;

        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            FutureTask<?> running = task;
            if (running != null) {
                running.cancel(true);
            }
            return super.cancel(mayInterruptIfRunning);
        }
    }
}
